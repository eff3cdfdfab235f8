-- The database of a platform in Go: uuids, skills with integers, people whose name is in another table than their
-- e-mail, volunteers with keys of their own, no organizations and no conversations, times in UTC without a zone.
-- Ids are made of names, md5('ada')::uuid, so that the files can be read.

create role go_app login;
create schema civic;
set search_path = civic;

create table users (
  id uuid primary key default gen_random_uuid(),
  email text not null unique,
  created_at timestamp not null default timezone('utc', now())
);

create table roles (
  id serial primary key,
  name text not null unique
);

create table user_roles (
  user_id uuid not null references users on delete cascade,
  role_id int not null references roles,
  primary key (user_id, role_id)
);

create table admins (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null unique references users on delete cascade,
  name text not null
);

create table volunteers (
  id uuid primary key default gen_random_uuid(),      -- not the id of the user
  user_id uuid not null unique references users on delete cascade,
  name text not null,
  skills_visible boolean default true,
  location_lat decimal(10, 8),
  location_lng decimal(11, 8)
);

create table skill_taxonomy (
  id serial primary key,
  skill_name text not null unique
);

create table volunteer_skills (
  volunteer_id uuid not null references volunteers on delete cascade,
  skill_id int not null references skill_taxonomy,
  skill_weight decimal(3, 2) not null default 0.5,    -- 0.1 to 1.0
  proficiency_level text,
  years_experience int,
  last_used_year int,
  primary key (volunteer_id, skill_id)
);

create table projects (
  id uuid primary key default gen_random_uuid(),
  title text not null,
  project_status text default 'draft',                -- 'draft', 'recruiting', 'active', 'completed' or 'archived'
  created_by_admin_id uuid not null references users,
  team_lead_id uuid references users on delete set null,
  location_lat decimal(10, 8),
  location_lng decimal(11, 8),
  auto_notify_matches boolean not null default false
);

create table project_required_skills (
  project_id uuid not null references projects on delete cascade,
  skill_id int not null references skill_taxonomy,
  primary key (project_id, skill_id)
);

create table project_team_members (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references projects on delete cascade,
  volunteer_id uuid not null references volunteers on delete cascade,
  status text not null default 'invited',             -- 'invited', 'active', 'completed' or 'removed'
  joined_at timestamp not null default timezone('utc', now()),
  unique (project_id, volunteer_id)
);

create table applications (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references projects on delete cascade,
  volunteer_id uuid not null references volunteers on delete cascade,
  status text not null default 'pending',             -- 'pending', 'accepted' or 'rejected'
  applied_at timestamp not null default timezone('utc', now())
);

create table resources (
  id uuid primary key default gen_random_uuid(),
  title text not null,
  resource_type text not null,                        -- 'file', 'link' or 'document'
  scope text not null,                                -- 'global' or 'project_specific'
  project_id uuid references projects on delete cascade,
  uploaded_by_id uuid references users on delete set null,
  deleted_at timestamp
);

create table project_messages (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references projects on delete cascade,
  sender_id uuid not null references users on delete cascade,
  message_text text not null,
  message_scope text not null default 'project',      -- 'project' or 'user_to_user'
  created_at timestamp not null default timezone('utc', now()),
  deleted_at timestamp
);

create table message_reads (
  message_id uuid not null references project_messages on delete cascade,
  user_id uuid not null references users on delete cascade,
  read_at timestamp not null default timezone('utc', now()),
  primary key (message_id, user_id)
);

-- An accepted application makes a member of the team.
create function accept_application() returns trigger language plpgsql as $$
begin
  insert into civic.project_team_members (project_id, volunteer_id, status)
  values (new.project_id, new.volunteer_id, 'active') on conflict (project_id, volunteer_id) do nothing;
  return null;
end $$;
create trigger accept_application after update on applications
for each row when (new.status = 'accepted' and old.status <> 'accepted') execute function accept_application();

grant usage on schema civic to go_app;
grant select, insert, update, delete on all tables in schema civic to go_app;
grant usage on all sequences in schema civic to go_app;
alter role go_app set search_path = civic;

insert into roles (name) values ('admin'), ('volunteer');
insert into skill_taxonomy (skill_name) values ('Gardening'), ('Carpentry'), ('Bookkeeping');
insert into users (id, email)
select md5(name)::uuid, name || '@example.com' from unnest(array['ada', 'ben', 'cleo', 'eve']) name;
insert into user_roles select md5('ada')::uuid, 1;
insert into admins (user_id, name) values (md5('ada')::uuid, 'Ada');
insert into volunteers (id, user_id, name, skills_visible, location_lat, location_lng) values
  (md5('volunteer ben')::uuid, md5('ben')::uuid, 'Ben', true, 52.52, 13.40),
  (md5('volunteer cleo')::uuid, md5('cleo')::uuid, 'Cleo', false, 52.52, 13.41),
  (md5('volunteer eve')::uuid, md5('eve')::uuid, 'Eve', null, 52.51, null);
insert into volunteer_skills (volunteer_id, skill_id, skill_weight) values
  (md5('volunteer ben')::uuid, 1, 0.9), (md5('volunteer ben')::uuid, 2, 0.8),
  (md5('volunteer cleo')::uuid, 1, 1.0), (md5('volunteer cleo')::uuid, 2, 1.0),
  (md5('volunteer eve')::uuid, 3, 0.7);

insert into projects (id, title, project_status, created_by_admin_id, auto_notify_matches)
values (md5('workshop')::uuid, 'Workshop', 'recruiting', md5('ada')::uuid, true);
insert into project_required_skills values (md5('workshop')::uuid, 2);

reset search_path;
