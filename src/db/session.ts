import type { ClientBase } from "pg";
import { NotFit } from "../not-fit.ts";
import { EXTENSION_NAMES, SEARCH_PATH } from "./extensions.ts";

/** No transaction lives longer: a held snapshot halves the rate at which others settle. */
export const TRANSACTION_LIMIT_MS = 5_000;

/** How soon the server cancels a statement whose client is gone, so that abandoned work and killed workers release their locks. */
const LOST_CLIENT_CHECK_MS = 500;

/** What statements rely on, whatever the defaults of the database or the role are. */
const SETTINGS: Readonly<Record<string, string>> = {
  // How values are read and written.
  datestyle: "ISO, MDY",
  intervalstyle: "postgres",
  timezone: "UTC",
  bytea_output: "hex",
  extra_float_digits: "1",
  array_nulls: "on",
  standard_conforming_strings: "on",
  transform_null_equals: "off",
  gin_fuzzy_search_limit: "0",
  // A row security policy that hides rows from the service is an error, not a shorter answer.
  row_security: "off",
  default_transaction_isolation: "read committed",
  default_transaction_read_only: "off",
  default_transaction_deferrable: "off",
  // Limits: ours, and no others.
  lock_timeout: "0",
  transaction_timeout: "0",
  idle_session_timeout: "0",
  idle_in_transaction_session_timeout: String(2 * TRANSACTION_LIMIT_MS),
};

/**
 * Settings that the server does not know are skipped: transaction_timeout is new in version 17. A commit that was acknowledged must
 * survive a crash, so synchronous_commit is raised from off, and left alone otherwise.
 */
const SET_ALL = `
  select set_config(name, value, $5) from (
    select 'search_path', ${SEARCH_PATH}
    union all select * from unnest($3::text[], $4::text[])
    union all select 'synchronous_commit', 'on' where current_setting('synchronous_commit') = 'off'
  ) s(name, value) where current_setting(name, true) is not null`;

export type SettingsOptions = {
  /** 0: no limit. */
  readonly statementTimeoutMs: number;
  /** Until when they are in force. */
  readonly scope: "session" | "transaction";
};

/** Sets the search path and what statements rely on, for a session or for the open transaction. */
export async function applySettings(
  client: ClientBase,
  schema: string,
  { statementTimeoutMs, scope }: SettingsOptions,
): Promise<void> {
  const isLocal = scope === "transaction";
  await Promise.all([
    // First, since a default of the database may be too short for the rest.
    client.query(`set ${isLocal ? "local" : "session"} statement_timeout = ${statementTimeoutMs}`),
    client.query(SET_ALL, [schema, EXTENSION_NAMES, Object.keys(SETTINGS), Object.values(SETTINGS), isLocal]),
  ]);
}

/**
 * Gives a new connection its settings. By statements, not in the startup message: poolers refuse or drop startup parameters that they
 * do not know. Sent together, they take one round trip.
 */
export async function setUpSession(
  client: ClientBase,
  schema: string,
  statementTimeoutMs = TRANSACTION_LIMIT_MS,
): Promise<void> {
  await Promise.all([
    applySettings(client, schema, { statementTimeoutMs, scope: "session" }),
    // Platforms that cannot do it refuse the setting.
    client.query(`set client_connection_check_interval = ${LOST_CLIENT_CHECK_MS}`).catch(() => undefined),
  ]);
}

type Seen = {
  readonly exists: boolean;
  readonly usable: boolean;
  /** Null where it is not usable: asking then would create the schema of temporary tables, the next one on the path. */
  readonly current: string | null;
  readonly role: string;
  readonly database: string;
  readonly replication: string;
};

const LOOK = `
  select n.oid is not null as exists, n.usable, case when n.usable then current_schema() end as current, current_user as role,
         current_database() as database, current_setting('session_replication_role') as replication
  from (select oid, coalesce(has_schema_privilege(oid, 'USAGE'), false) as usable
        from (select to_regnamespace(quote_ident($1))::oid as oid) o) n`;

/**
 * Makes sure that unqualified names mean the tables of the schema, and that their triggers fire.
 * @throws NotFit otherwise.
 */
export async function checkSession(client: ClientBase, schema: string): Promise<void> {
  const { rows } = await client.query<Seen>(LOOK, [schema]);
  const fault = faultIn(rows[0] as Seen, schema);
  if (fault !== null) throw new NotFit(fault);
}

function faultIn(
  { exists, usable, current, role, database, replication }: Seen,
  schema: string,
): string | null {
  if (!exists)
    return `The database ${database} has no schema ${schema}. Run \`commonwork migrate\` first, or correct DB_SCHEMA.`;
  if (!usable)
    return `The role ${role} may not use the schema ${schema}. Run: grant usage on schema ${schema} to ${role}`;
  if (current !== schema)
    return `A connection uses the schema ${current} in place of ${schema}: a pooler does not keep the settings of a session. Connect to Postgres directly, or through a pooler in session mode.`;
  if (replication === "replica")
    return `session_replication_role is replica for the role ${role}, so that no trigger fires. Run: alter role ${role} reset session_replication_role`;
  return null;
}
