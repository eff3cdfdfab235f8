import pg, { type ClientBase } from "pg";
import { UnsuitableServer } from "../unsuitable-server.ts";
import { poolerFault } from "./pooler-fault.ts";
import { policiesHideRows } from "./row-policies.ts";

/** No transaction lives longer: a held snapshot halves the rate at which others settle. */
export const TRANSACTION_LIMIT_MS = 5_000;

/**
 * How soon the server cancels a statement whose client is gone, so that abandoned work and killed workers
 * release their locks.
 */
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
  // Some tables have policies for users of the host; what hides rows from the service is refused below.
  row_security: "on",
  default_transaction_isolation: "read committed",
  default_transaction_read_only: "off",
  default_transaction_deferrable: "off",
  // Only our own limits apply.
  lock_timeout: "0",
  transaction_timeout: "0",
  idle_session_timeout: "0",
  idle_in_transaction_session_timeout: String(2 * TRANSACTION_LIMIT_MS),
  // Ends idle sessions whose client is gone without a reset; the kernel's default is two hours.
  tcp_keepalives_idle: "10",
  tcp_keepalives_interval: "5",
  tcp_keepalives_count: "3",
};

export type SettingsOptions = {
  /** 0: no limit. */
  readonly statementTimeoutMs: number;
  /** How long the settings apply. */
  readonly scope: "session" | "transaction";
};

/**
 * `$2` and `$3` are SETTINGS; those that the server does not know are left out (transaction_timeout is new in
 * version 17). A commit that was acknowledged must survive a crash, so synchronous_commit is raised from off,
 * and left alone otherwise.
 */
const SETTINGS_HERE = `
  select name, value from (
    select 'search_path', quote_ident($1) || ', pg_temp'
    union all select * from unnest($2::text[], $3::text[])
    union all select 'synchronous_commit', 'on' where current_setting('synchronous_commit') = 'off'
  ) s(name, value) where current_setting(name, true) is not null`;

/**
 * SQL that sets the search path and what statements rely on: the same for all connections to this database as
 * this role.
 */
export async function readSettings(
  client: ClientBase,
  schema: string,
  { statementTimeoutMs, scope }: SettingsOptions,
): Promise<string> {
  const set = scope === "transaction" ? "set local" : "set";
  const timeout = `${set} statement_timeout = ${statementTimeoutMs}`;
  const [, found] = await Promise.all([
    // First, since a default of the database may be too short for the rest.
    client.query(timeout),
    client.query<{ name: string; value: string }>(SETTINGS_HERE, [
      schema,
      Object.keys(SETTINGS),
      Object.values(SETTINGS),
    ]),
  ]);
  const assignments = found.rows.map(({ name, value }) =>
    // A path is a list of names, which are quoted already.
    name === "search_path" ? `${set} ${name} = ${value}` : `${set} ${name} = ${pg.escapeLiteral(value)}`,
  );
  return [timeout, ...assignments].join("; ");
}

/**
 * Returns the function that gives each new connection of a pool its settings, and checks them. By statements,
 * not in the startup message: poolers refuse or drop startup parameters that they do not know. It takes one
 * round trip, and one more for the first connection, which finds out what to set.
 *
 * @throws UnsuitableServer (the function) when unqualified names would not mean the tables of the schema, no
 * trigger would fire, or row security hides rows.
 */
export function sessionSetUp(
  { databaseUrl, databaseSchema: schema }: { readonly databaseUrl: string; readonly databaseSchema: string },
  statementTimeoutMs = TRANSACTION_LIMIT_MS,
): (client: ClientBase) => Promise<void> {
  let settings: Promise<string> | null = null;
  return async (client) => {
    settings ??= readSettings(client, schema, { statementTimeoutMs, scope: "session" }).catch((error) => {
      settings = null;
      throw error;
    });
    const sql = await settings;
    await Promise.all([
      client.query(sql),
      // Platforms that do not support it refuse the setting.
      client.query(`set client_connection_check_interval = ${LOST_CLIENT_CHECK_MS}`).catch(() => undefined),
      refuseOtherSchema(client, schema, databaseUrl),
    ]);
  };
}

/**
 * SQL: the tables whose rows a policy may hide from this role: row security applies to it, and no policy
 * shows it every row, or another one restricts it. Null for none.
 */
const HIDDEN = `
  (select string_agg(quote_ident(c.relname), ', ' order by c.relname) from pg_class c
   where c.relnamespace = to_regnamespace(quote_ident(current_schema())) and c.relkind = 'r'
     and c.relrowsecurity and has_table_privilege(c.oid, 'SELECT') and row_security_active(c.oid)
     and ${policiesHideRows("c", { commands: ["*"] })})`;

async function refuseOtherSchema(client: ClientBase, schema: string, databaseUrl: string): Promise<void> {
  const seen = await client
    .query(
      `select current_schema() as current, current_setting('session_replication_role') as replication, ${HIDDEN} as hidden`,
    )
    // Without the schema Postgres tries to create the next one on the path, that of temporary tables, which
    // may be forbidden.
    .catch(() => null);
  const hidden: string | null = seen?.rows[0].hidden ?? null;
  if (hidden !== null)
    throw new UnsuitableServer(
      `Row security may hide rows of ${hidden} from the role in DATABASE_URL. Run the statements of \`commonwork migrate --print-roles\` again, or switch row security off for the schema ${schema}.`,
    );
  if (seen?.rows[0].current === schema && seen.rows[0].replication !== "replica") return;
  // If no fault is found now, the two queries ran in different sessions.
  throw new UnsuitableServer((await sessionFault(client, schema, databaseUrl)) ?? poolerFault(databaseUrl));
}

type Seen = {
  readonly exists: boolean;
  readonly usable: boolean;
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

/** Why this connection must not be used, and what to change; null if it may. */
export async function sessionFault(
  client: ClientBase,
  schema: string,
  databaseUrl: string,
): Promise<string | null> {
  const { rows } = await client.query<Seen>(LOOK, [schema]);
  const { exists, usable, current, role, database, replication } = rows[0] as Seen;
  if (!exists)
    return `The database ${database} has no schema ${schema}. Run \`commonwork migrate\` first, or correct DB_SCHEMA.`;
  if (!usable)
    return `The role ${role} may not use the schema ${schema}. Run: grant usage on schema ${schema} to ${role}`;
  // The path was set in a session other than the one that was checked.
  if (current !== schema) return poolerFault(databaseUrl);
  if (replication === "replica")
    return `session_replication_role is replica for the role ${role}, so that no trigger fires. Run: alter role ${role} reset session_replication_role`;
  return null;
}
