-- The database of a Rails application, as its migrations have left it: integer keys, enums as integers, times in
-- UTC without a zone, names in several languages, polymorphic references, users who are deleted softly.

create role rails_app login;

create table organizations (
  id serial primary key,
  name jsonb not null,                        -- {"en": "...", "es": "..."}
  default_locale text not null default 'en',
  time_zone text not null default 'UTC'
);

create table users (
  id serial primary key,
  type text not null default 'User',          -- single-table inheritance: also 'UserGroup'
  organization_id int not null references organizations,
  name text not null,
  email text not null default '',
  admin boolean not null default false,
  locale text,                                -- the language that the user has chosen
  confirmed_at timestamp,
  current_sign_in_at timestamp,
  sign_in_count int not null default 0,
  deleted_at timestamp,
  created_at timestamp not null default timezone('utc', now())
);

create table processes (
  id serial primary key,
  organization_id int not null references organizations,
  author_id int not null references users,
  title jsonb not null,
  state int not null default 0,               -- enum state: { draft: 0, open: 1, closed: 2 }
  deleted_at timestamp
);

create table private_users (
  id serial primary key,
  user_id int not null references users,
  privatable_to_type text not null,           -- 'Process' or 'Assembly'
  privatable_to_id int not null
);

create table attachments (
  id serial primary key,
  title jsonb not null,
  author_id int not null references users,
  attached_to_type text not null,             -- 'Process', 'Meeting' and others
  attached_to_id int not null
);

create table conversations (
  id serial primary key
);

create table participations (
  conversation_id int not null references conversations on delete cascade,
  participant_id int not null references users,
  created_at timestamp not null default timezone('utc', now()),
  primary key (conversation_id, participant_id)
);

create table messages (
  id serial primary key,
  conversation_id int not null references conversations on delete cascade,
  sender_id int not null references users,
  body text not null,
  created_at timestamp not null default timezone('utc', now())
);

create table receipts (
  id serial primary key,
  message_id int not null references messages on delete cascade,
  recipient_id int not null references users,
  read_at timestamp
);

create table volunteer_profiles (
  id serial primary key,
  user_id int not null references users,
  organization_id int not null references organizations,
  referrer_id int references volunteer_profiles,
  referral_code text not null unique,
  level int not null default 1,
  total_xp int not null default 0,
  created_at timestamp not null default timezone('utc', now())
);

create table task_templates (
  id serial primary key,
  title text not null,
  xp_reward int not null default 20,
  status int not null default 0               -- enum status: { draft: 0, published: 1, archived: 2 }
);

create table task_assignments (
  id serial primary key,
  task_template_id int not null references task_templates,
  assignee_id int not null references volunteer_profiles,
  status int not null default 0,              -- enum status: { pending: 0, submitted: 1, approved: 2, rejected: 3 }
  assigned_at timestamp not null default timezone('utc', now()),
  submitted_at timestamp,
  reviewed_at timestamp,
  updated_at timestamp not null default timezone('utc', now())
);

grant select, insert, update, delete on all tables in schema public to rails_app;
grant usage on all sequences in schema public to rails_app;

insert into organizations (name, time_zone) values ('{"en": "Green City", "es": "Ciudad Verde"}', 'Europe/Madrid');

alter sequence users_id_seq restart with 11;
insert into users (organization_id, name, email, admin, locale, confirmed_at) values
  (1, 'Ada', 'ada@green.example', true, 'en', timezone('utc', now())),
  (1, 'Ben', 'ben@green.example', false, null, timezone('utc', now())),
  (1, 'Cleo', 'cleo@green.example', false, 'de', timezone('utc', now())),
  (1, 'Eve', 'eve@green.example', false, 'ca', timezone('utc', now()));

-- Ben invited Cleo.
insert into volunteer_profiles (user_id, organization_id, referrer_id, referral_code) values
  (12, 1, null, 'BENBEN22'),
  (13, 1, 1, 'CLEO3333');

insert into conversations default values;
insert into participations (conversation_id, participant_id) values (1, 11), (1, 12), (1, 13), (1, 14);
insert into messages (conversation_id, sender_id, body) values (1, 11, 'Welcome to Green City.');

insert into task_templates (title, status) values ('Water the trees', 1);
insert into task_assignments (task_template_id, assignee_id, status, submitted_at) values
  (1, 1, 2, timezone('utc', now()));         -- approved, without reviewed_at
