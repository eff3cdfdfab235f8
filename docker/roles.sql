-- Roles for the schema "commonwork". Run by a superuser, or by the owner of the database with CREATEROLE.
-- Afterwards give the first two a password: \password commonwork_owner, \password commonwork_app
do $$
declare wanted record;
begin
  for wanted in select * from (values
    ('commonwork_owner', 'login'),   -- migrates: DATABASE_URL of `commonwork migrate`
    ('commonwork_app', 'login'),     -- runs the service: DATABASE_URL of everything else
    ('commonwork_host', 'nologin'),  -- granted to the roles of the host; `commonwork grants --print`
    ('commonwork_reader', 'nologin') -- the same, for reading results
  ) as r(name, kind) loop
    if not exists (select from pg_roles where rolname = wanted.name) then
      execute format('create role %I %s', wanted.name, wanted.kind);
    end if;
  end loop;
  -- Only superusers may act for a role that they are no member of.
  if not (select rolsuper from pg_roles where rolname = current_user) then
    execute format('grant %I to current_user', 'commonwork_owner');
  end if;
end $$;

create schema if not exists "commonwork" authorization commonwork_owner;
create schema if not exists "commonwork_results" authorization commonwork_owner;

grant usage on schema "commonwork" to commonwork_app;
grant select, insert, update, delete on all tables in schema "commonwork" to commonwork_app;
grant usage, select on all sequences in schema "commonwork" to commonwork_app;
alter default privileges for role commonwork_owner in schema "commonwork" grant select, insert, update, delete on tables to commonwork_app;
alter default privileges for role commonwork_owner in schema "commonwork" grant usage, select on sequences to commonwork_app;
alter default privileges for role commonwork_owner revoke execute on functions from public;
grant execute on all functions in schema "commonwork" to commonwork_app;
alter default privileges for role commonwork_owner in schema "commonwork" grant execute on functions to commonwork_app;

-- Rows that users of the host may see, where the tables exist already.
do $$
begin
  if to_regprocedure('"commonwork".apply_row_policies()') is not null then
    perform "commonwork".apply_row_policies();
  end if;
end $$;

-- For psql and other tools: the service sets its own path.
alter role commonwork_owner in database "commonwork" set search_path = "commonwork", pg_temp;
alter role commonwork_app in database "commonwork" set search_path = "commonwork", pg_temp;
