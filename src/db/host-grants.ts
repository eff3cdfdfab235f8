import pg from "pg";
import { roleNames } from "./roles.ts";

/** The functions that a host calls, with the types of their arguments. */
const FUNCTIONS = [
  "emit(text, jsonb, text, text, text, text, text, timestamptz, text)",
  "enqueue(text, jsonb)",
  "record_engagement(jsonb)",
];

/**
 * SQL that lets roles of the host emit events, request jobs and record engagement, and do nothing else. It
 * can be run again.
 *
 * @param hostRoles the roles that the host connects with; default: a line to be completed.
 */
export function hostGrantsSql(databaseSchema: string, hostRoles: readonly string[]): string {
  const { host } = roleNames(databaseSchema);
  const [schema, role] = [databaseSchema, host].map(pg.escapeIdentifier);
  const functions = FUNCTIONS.map((each) => `${schema}.${each}`).join(",\n  ");
  const members = hostRoles.map((name) => `grant ${role} to ${pg.escapeIdentifier(name)};`);
  return `-- Rights of the host in the schema ${schema}. Run by the owner of the schema, or by a superuser, after \`commonwork migrate\`.
do $$
begin
  if not exists (select from pg_roles where rolname = ${pg.escapeLiteral(host)}) then
    create role ${role} nologin;
  end if;
end $$;
grant usage on schema ${schema} to ${role};
grant execute on function
  ${functions} to ${role};
${members.length > 0 ? members.join("\n") : `-- For each role that the host connects with:\n--   grant ${role} to <role>;`}
`;
}
