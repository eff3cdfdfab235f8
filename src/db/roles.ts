import pg from "pg";
import { type DatabaseAddress, resultsSchemaOf } from "./client.ts";

/** The roles of a deployment. Named after its schema, since roles belong to the whole server. */
export const roleNames = (schema: string) =>
  ({
    owner: `${schema}_owner`,
    app: `${schema}_app`,
    host: `${schema}_host`,
    reader: `${schema}_reader`,
  }) as const;

/**
 * SQL that creates the roles with no more rights than they need. It can be run again, and after `migrate`.
 */
export function rolesSql(address: DatabaseAddress): string {
  const { databaseUrl, databaseSchema } = address;
  const results = pg.escapeIdentifier(resultsSchemaOf(address));
  const names = roleNames(databaseSchema);
  const [schema, database] = [databaseSchema, decodeURIComponent(new URL(databaseUrl).pathname.slice(1))].map(
    pg.escapeIdentifier,
  );
  const { owner, app } = names;
  return `-- Roles for the schema ${schema}. Run by a superuser, or by the owner of the database with CREATEROLE.
-- Afterwards give the first two a password: \\password ${names.owner}, \\password ${names.app}
do $$
declare wanted record;
begin
  for wanted in select * from (values
    ('${names.owner}', 'login'),   -- migrates: DATABASE_URL of \`commonwork migrate\`
    ('${names.app}', 'login'),     -- runs the service: DATABASE_URL of everything else
    ('${names.host}', 'nologin'),  -- granted to the roles of the host; \`commonwork grants --print\`
    ('${names.reader}', 'nologin') -- the same, for reading results
  ) as r(name, kind) loop
    if not exists (select from pg_roles where rolname = wanted.name) then
      execute format('create role %I %s', wanted.name, wanted.kind);
    end if;
  end loop;
  -- Only superusers may act for a role that they are no member of.
  if not (select rolsuper from pg_roles where rolname = current_user) then
    execute format('grant %I to current_user', '${names.owner}');
  end if;
end $$;

create schema if not exists ${schema} authorization ${owner};
create schema if not exists ${results} authorization ${owner};

grant usage on schema ${schema} to ${app};
grant select, insert, update, delete on all tables in schema ${schema} to ${app};
grant usage, select on all sequences in schema ${schema} to ${app};
alter default privileges for role ${owner} in schema ${schema} grant select, insert, update, delete on tables to ${app};
alter default privileges for role ${owner} in schema ${schema} grant usage, select on sequences to ${app};
alter default privileges for role ${owner} revoke execute on functions from public;
grant execute on all functions in schema ${schema} to ${app};
alter default privileges for role ${owner} in schema ${schema} grant execute on functions to ${app};

-- Rows that users of the host may see, where the tables exist already.
do $$
begin
  if to_regprocedure('${schema}.apply_row_policies()') is not null then
    perform ${schema}.apply_row_policies();
  end if;
end $$;

-- For psql and other tools: the service sets its own path.
alter role ${owner} in database ${database} set search_path = ${schema}, pg_temp;
alter role ${app} in database ${database} set search_path = ${schema}, pg_temp;
`;
}
