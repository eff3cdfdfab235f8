-- The database of a FastAPI application on Supabase: uuids, row-level security for owners, lists in JSON and in arrays,
-- numbers in texts, a row of the profile for everybody who signs up, and one CV per user that counts.
-- Ids are made of names, md5('ada')::uuid, so that the files can be read.

-- The application's role bypasses the policies, as service_role does.
create role fastapi_app login bypassrls;

-- Supabase has these already.
create schema auth;
create table auth.users (
  id uuid primary key default gen_random_uuid(),
  email text,
  raw_user_meta_data jsonb not null default '{}'
);
create function auth.uid() returns uuid language sql stable
as $$ select nullif(current_setting('request.jwt.claim.sub', true), '')::uuid $$;

create table public.users (
  id uuid primary key references auth.users on delete cascade,
  full_name text,
  email text,
  is_active boolean not null default true
);

create table public.user_profiles (
  user_id uuid primary key references auth.users on delete cascade,
  primary_job_title text,
  secondary_job_titles text[] not null default '{}',
  technical_skills jsonb not null default '[]',         -- [{"skill": "Python", "years": 3}]
  tools_technologies text[] not null default '{}',
  work_preference text,                                 -- 'remote', 'hybrid', 'onsite' or 'flexible'
  blacklisted_companies text[] not null default '{}',
  job_freshness_days int not null default 30,
  updated_at timestamptz not null default now()
);

create table public.cvs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users on delete cascade,
  parsed_content jsonb,                                 -- {"skills": {"technical": ["Python"], "tools": ["Docker"]}}
  raw_text text,
  parsing_status text not null default 'pending',
  is_active boolean not null default true,
  created_at timestamptz not null default now()
);

create table public.jobs (
  id uuid primary key default gen_random_uuid(),
  title text not null,
  company text not null,
  location text,
  description text not null,
  job_link text,
  posted_date timestamptz not null default now(),
  remote_type text,                                     -- 'remote', 'hybrid' or 'onsite'
  salary_min text,
  salary_max text,
  processing_status text not null default 'processed'   -- 'pending', 'processed' or 'archived'
);

-- Whoever signs up has a user and an empty profile.
create function public.sign_up() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.users (id, full_name, email) values (new.id, new.raw_user_meta_data ->> 'full_name', new.email);
  insert into public.user_profiles (user_id) values (new.id);
  return null;
end $$;
create trigger sign_up after insert on auth.users for each row execute function public.sign_up();

-- The newest CV counts.
create function public.replace_cv() returns trigger language plpgsql as $$
begin
  update public.cvs set is_active = false where user_id = new.user_id and id <> new.id and is_active;
  return null;
end $$;
create trigger replace_cv after insert on public.cvs for each row execute function public.replace_cv();

alter table auth.users enable row level security;
alter table public.users enable row level security;
alter table public.user_profiles enable row level security;
alter table public.cvs enable row level security;
alter table public.jobs enable row level security;
create policy own on public.users using (auth.uid() = id);
create policy own on public.user_profiles using (auth.uid() = user_id);
create policy own on public.cvs using (auth.uid() = user_id);
create policy signed_in on public.jobs for select using (auth.uid() is not null);

grant usage on schema auth, public to fastapi_app;
grant all on all tables in schema auth, public to fastapi_app;

insert into auth.users (id, email, raw_user_meta_data)
select md5(name)::uuid, name || '@example.com', jsonb_build_object('full_name', initcap(name))
from unnest(array['ada', 'ben']) name;
insert into public.cvs (user_id, parsed_content, parsing_status) values
  (md5('ada')::uuid, '{"skills": {"technical": ["Python", "PostgreSQL"], "tools": ["Docker"]}}', 'completed'),
  (md5('ben')::uuid, '{"skills": {"technical": ["Cooking"]}}', 'completed');
update public.user_profiles set primary_job_title = 'Python Developer' where user_id = md5('ada')::uuid;

insert into public.jobs (id, title, company, location, description, remote_type, salary_min, salary_max) values
  (md5('job 1')::uuid, 'Python Developer', 'Harbour Tech', 'Berlin', 'We build APIs with Python, PostgreSQL and Docker.', 'remote', '60,000', '75,000'),
  (md5('job 2')::uuid, 'Backend Engineer', 'Night Shift Ltd', 'Berlin', 'Python, PostgreSQL and Docker, on call every week.', 'onsite', null, 'negotiable'),
  (md5('job 3')::uuid, 'Data Engineer', 'Old Mill', 'Bremen', 'Pipelines in Python and PostgreSQL, deployed with Docker.', 'hybrid', null, null);
