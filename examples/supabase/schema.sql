-- The database of a platform on Supabase: uuids, row-level security on every table, people in auth.users and in
-- profiles, documents in a tree that permissions are inherited in, versioned rows, and a table of events.
-- Ids are made of names, md5('ada')::uuid, so that the files can be read.

-- Supabase has these already.
create role service_role login bypassrls;
create schema auth;
create table auth.users (
  id uuid primary key,
  email text,
  last_sign_in_at timestamptz
);
create function auth.uid() returns uuid language sql stable
as $$ select nullif(current_setting('request.jwt.claim.sub', true), '')::uuid $$;

create table public.profiles (
  id uuid primary key references auth.users on delete cascade,
  full_name text,
  email text not null unique
);

create table public.orgs (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  entity_type text not null                   -- 'borrower', 'lender' or 'advisor'
);

create table public.org_members (
  org_id uuid not null references public.orgs on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role text not null,                         -- 'owner' or 'member'
  created_at timestamptz not null default now(),
  primary key (org_id, user_id)
);

create table public.projects (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  owner_org_id uuid not null references public.orgs,
  assigned_advisor_id uuid references public.profiles on delete set null
);

create table public.project_access_grants (
  project_id uuid not null references public.projects on delete cascade,
  user_id uuid not null references public.profiles on delete cascade,
  created_at timestamptz not null default now(),
  primary key (project_id, user_id)
);

create table public.resources (
  id uuid primary key default gen_random_uuid(),
  project_id uuid references public.projects on delete cascade,
  parent_id uuid references public.resources on delete cascade,
  resource_type text not null,                -- 'PROJECT_DOCS_ROOT', 'FOLDER', 'FILE' and others
  name text not null
);

create table public.document_versions (
  id uuid primary key default gen_random_uuid(),
  resource_id uuid not null references public.resources on delete cascade,
  version_number int not null,
  created_by uuid references public.profiles on delete set null,
  unique (resource_id, version_number)
);

-- The nearest one on the way from a document to its root decides.
create table public.permissions (
  resource_id uuid not null references public.resources on delete cascade,
  user_id uuid not null references public.profiles on delete cascade,
  permission text not null,                   -- 'none', 'view' or 'edit'
  primary key (resource_id, user_id)
);

create table public.project_resumes (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references public.projects on delete cascade,
  version_number int not null,
  completeness_percent int not null,
  updated_at timestamptz not null default now(),
  unique (project_id, version_number)
);

create table public.chat_threads (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references public.projects on delete cascade,
  topic text
);

create table public.chat_thread_participants (
  thread_id uuid not null references public.chat_threads on delete cascade,
  user_id uuid not null references public.profiles on delete cascade,
  last_read_at timestamptz not null default '1970-01-01T00:00:00Z',    -- never
  created_at timestamptz not null default now(),
  primary key (thread_id, user_id)
);

create table public.project_messages (
  id bigserial primary key,
  thread_id uuid not null references public.chat_threads on delete cascade,
  user_id uuid not null references public.profiles,
  content text,
  created_at timestamptz not null default now()
);

create table public.domain_events (
  id bigserial primary key,
  event_type text not null,
  actor_id uuid,
  project_id uuid,
  resource_id uuid,
  thread_id uuid,
  meeting_id uuid,
  payload jsonb,
  occurred_at timestamptz not null default now()
);

-- Whoever is signed in sees people and organizations, and what concerns themselves.
alter table auth.users enable row level security;
alter table public.profiles enable row level security;
alter table public.orgs enable row level security;
alter table public.org_members enable row level security;
alter table public.projects enable row level security;
alter table public.project_access_grants enable row level security;
alter table public.resources enable row level security;
alter table public.document_versions enable row level security;
alter table public.permissions enable row level security;
alter table public.project_resumes enable row level security;
alter table public.chat_threads enable row level security;
alter table public.chat_thread_participants enable row level security;
alter table public.project_messages enable row level security;
alter table public.domain_events enable row level security;
create policy signed_in on public.profiles for select using (auth.uid() is not null);
create policy signed_in on public.orgs for select using (auth.uid() is not null);
create policy own on public.org_members for select using (user_id = auth.uid());
create policy own on public.project_access_grants for select using (user_id = auth.uid());
create policy own on public.permissions for select using (user_id = auth.uid());
create policy own on public.chat_thread_participants for select using (user_id = auth.uid());

grant usage on schema auth, public to service_role;
grant all on all tables in schema auth, public to service_role;
grant all on all sequences in schema public to service_role;

insert into auth.users (id, email)
select md5(name)::uuid, name || '@example.com' from unnest(array['ada', 'ben', 'cleo', 'eve']) name;
insert into public.profiles (id, full_name, email)
select md5(name)::uuid, initcap(name), name || '@example.com' from unnest(array['ada', 'ben', 'cleo', 'eve']) name;
insert into public.orgs (id, name, entity_type) values (md5('harbour')::uuid, 'Harbour Capital', 'borrower');
insert into public.org_members (org_id, user_id, role) values (md5('harbour')::uuid, md5('ada')::uuid, 'owner');
