import { sql } from "drizzle-orm";
import { type Clock, systemClock } from "../clock.ts";
import type { Database, DatabaseAddress } from "../db/client.ts";
import { migrationState } from "../db/migrate/migrate.ts";
import { poolsTransactions } from "../db/pooler.ts";
import { poolerFault } from "../db/pooler-fault.ts";
import { createServerClock } from "../db/server-clock.ts";
import { rows } from "../db/statement.ts";
import { writeRefusal } from "../db/write-check.ts";
import { CLOCK_TOLERANCE_MS } from "../roles/boot-checks.ts";
import { type Check, type CheckGroup, type Finding, ok, problem, problemFrom, warning } from "./finding.ts";

const OLDEST_POSTGRES = 15;

export type PostgresDeps = {
  readonly db: Database;
  readonly address: DatabaseAddress;
  /** The clock of this machine. */
  readonly machine?: Clock;
};

/** Postgres itself: whether it can be used at all, and how it is set up. */
export function postgresChecks({ db, address, machine = systemClock }: PostgresDeps): CheckGroup[] {
  return [
    [{ name: "Postgres", isGate: true, look: () => lookAtServer(db) }],
    [
      { name: "Pooler", isGate: true, look: () => lookAtPooler(db, address) },
      { name: "Clock", look: () => lookAtClock(db, machine) },
      { name: "Connections", look: () => lookAtConnections(db) },
      { name: "Schema", isGate: true, look: () => lookAtSchema(db) },
      { name: "Role and grants", isGate: true, look: () => lookAtGrants(db) },
    ],
  ];
}

/** Whether Postgres accepts writes, tried on a table. */
export const writeCheck = (db: Database): Check => ({ name: "Writes", look: () => lookAtWrites(db) });

type Server = { version: string; number: number; role: string; readonly: boolean };

async function lookAtServer(db: Database): Promise<Finding> {
  const [server] = await rows<Server>(
    db.drizzle,
    sql`select current_setting('server_version') as version, current_setting('server_version_num')::int as number, current_user as role,
               pg_is_in_recovery() or current_setting('transaction_read_only')::boolean as readonly`,
  );
  if (server === undefined) throw new Error("Postgres returned no row");
  const { version, number, role, readonly } = server;
  if (number < OLDEST_POSTGRES * 10_000)
    return problem(`Postgres ${version} is too old.`, `Use Postgres ${OLDEST_POSTGRES} or newer.`);
  if (readonly)
    return problem(
      "Postgres is read-only: a replica, or a server in recovery.",
      "Set DATABASE_URL to the address of the primary.",
    );
  return ok(`Postgres ${version}, role ${role}, schema ${db.schema}`);
}

const lookAtPooler = async (db: Database, address: DatabaseAddress): Promise<Finding> =>
  (await poolsTransactions(db))
    ? problemFrom(poolerFault(address.databaseUrl), "Use the address of Postgres itself.")
    : ok("none, or one in session mode");

async function lookAtClock(db: Database, machine: Clock): Promise<Finding> {
  const clock = createServerClock({ on: db.drizzle, machine });
  await clock.measure();
  const offsetMs = clock.offsetMs() ?? 0;
  const seconds = Math.abs(offsetMs / 1_000).toFixed(1);
  if (Math.abs(offsetMs) > CLOCK_TOLERANCE_MS)
    return problem(
      `The clock of this machine is ${seconds} s ${offsetMs > 0 ? "ahead of" : "behind"} Postgres's.`,
      "Set it, for example with NTP. Work uses the clock of Postgres; log lines do not.",
    );
  return ok(`${seconds} s from Postgres's`);
}

/** The share of used connections above which another process may not get one. */
const USED_UP = 0.9;

async function lookAtConnections(db: Database): Promise<Finding> {
  const [count] = await rows<{ used: number; max: number }>(
    db.drizzle,
    sql`select (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as used,
               current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as max`,
  );
  const { used = 0, max = 1 } = count ?? {};
  return used > max * USED_UP
    ? warning(
        `${used} of ${max} connections are in use.`,
        "Raise max_connections, or lower DB_POOL_MAX: docs/operations/scaling.md says how many each process uses.",
      )
    : ok(`${used} of ${max} in use`);
}

async function lookAtSchema(db: Database): Promise<Finding> {
  const { missing, unknown } = await migrationState(db);
  const newest = unknown.at(-1);
  if (missing.length > 0)
    return problem(
      `The schema lacks ${missing.length} migrations, from ${missing[0]} on.`,
      "Run `commonwork migrate`.",
    );
  return newest === undefined
    ? ok("current")
    : warning(
        `The schema has a migration that this version does not know: ${newest}.`,
        "A newer version has migrated it: update this one.",
      );
}

/** Functions of triggers are left out: the right to execute them is checked when a trigger is created. */
async function lookAtGrants(db: Database): Promise<Finding> {
  const [{ role = "", lacking = [] } = {}] = await rows<{ role: string; lacking: string[] }>(
    db.drizzle,
    sql`with own as (select to_regnamespace(quote_ident(current_schema()))::oid as schema)
        select current_user as role, array(
          select case c.relkind when 'S' then 'usage' else p.privilege end || ' on ' || c.relname
          from own join pg_class c on c.relnamespace = own.schema and c.relkind in ('r', 'p', 'S')
          cross join (values ('select'), ('insert'), ('update'), ('delete')) as p (privilege)
          where case when c.relkind = 'S' then p.privilege = 'select' and not has_sequence_privilege(c.oid, 'usage')
                     when c.relname = 'migrations' then p.privilege = 'select' and not has_table_privilege(c.oid, 'select')
                     else not has_table_privilege(c.oid, p.privilege) end
          union all
          select 'execute on ' || f.proname from own join pg_proc f on f.pronamespace = own.schema
          where f.prorettype <> 'trigger'::regtype and not has_function_privilege(f.oid, 'execute') order by 1) as lacking`,
  );
  if (lacking.length === 0) return ok(`${role} has every right it needs`);
  const more = lacking.length > 3 ? ` and ${lacking.length - 3} more` : "";
  return problem(
    `The role ${role} lacks rights: ${lacking.slice(0, 3).join(", ")}${more}.`,
    "Run the statements that `commonwork migrate --print-roles` prints.",
  );
}

async function lookAtWrites(db: Database): Promise<Finding> {
  const refusal = await writeRefusal(db, "doctor");
  return refusal === null
    ? ok("Postgres accepts writes")
    : problem(`Postgres is ${refusal}.`, "docs/operations/servers.md says what to do.");
}
