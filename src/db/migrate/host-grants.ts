import pg from "pg";
import { type DatabaseAddress, resultsSchemaOf } from "../client.ts";
import { readerGrants } from "../results/reader-grants.ts";
import { roleNames } from "../roles.ts";

/** The functions that a host calls, with the types of their arguments. */
const FUNCTIONS = [
  "emit(text, jsonb, text, text, text, text, text, timestamptz, text)",
  "enqueue(text, jsonb)",
  "record_engagement(jsonb)",
];

/**
 * SQL that lets roles of the host emit events, request jobs and record engagement, and read results where
 * there are views of them, and do nothing else. It can be run again.
 *
 * @param hostRoles the roles that the host connects with; default: a line to be completed.
 */
export function hostGrantsSql(
  address: Omit<DatabaseAddress, "databaseUrl">,
  hostRoles: readonly string[],
): string {
  const { databaseSchema } = address;
  const resultsSchema = resultsSchemaOf(address);
  const { host, reader } = roleNames(databaseSchema);
  const [schema, role, readerRole] = [databaseSchema, host, reader].map(pg.escapeIdentifier);
  const functions = FUNCTIONS.map((each) => `${schema}.${each}`).join(",\n  ");
  const members = hostRoles.map((name) => `grant ${role}, ${readerRole} to ${pg.escapeIdentifier(name)};`);
  return `-- Rights of the host in the schema ${schema}. Run after \`commonwork migrate\` by whoever ran the SQL of
-- \`commonwork migrate --print-roles\`: a superuser, or the owner of the database with CREATEROLE.
do $$
declare wanted text;
begin
  foreach wanted in array array[${pg.escapeLiteral(host)}, ${pg.escapeLiteral(reader)}] loop
    if not exists (select from pg_roles where rolname = wanted) then
      execute format('create role %I nologin', wanted);
    end if;
  end loop;
end $$;
grant usage on schema ${schema} to ${role};
grant execute on function
  ${functions} to ${role};

-- Reading results, every user's: for the host's own services, not for roles that stand for a user.
do $grants$
begin
if to_regclass(${pg.escapeLiteral(`${pg.escapeIdentifier(resultsSchema)}.match_scores`)}) is null then
  raise notice '\`commonwork migrate\` has not created the views of results: nobody may read them yet';
else
${indented(readerGrants({ databaseSchema, resultsSchema }))}end if;
end $grants$;

${members.length > 0 ? members.join("\n") : `-- For each role that the host connects with:\n--   grant ${role}, ${readerRole} to <role>;`}
`;
}

/** SQL as it is written in PL/pgSQL. */
const indented = (statements: string): string =>
  statements.replace(/^select /gm, "perform ").replace(/^(?=.)/gm, "  ");
