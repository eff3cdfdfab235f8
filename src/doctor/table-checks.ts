import { sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { rows } from "../db/statement.ts";
import { type Check, type Finding, ok, warning } from "./finding.ts";

/** Checks of the size of the database, and of what prevents cleaning up. */
export const tableChecks = (db: Database): Check[] => [
  { name: "Disk and tables", look: () => lookAtTables(db) },
  { name: "Snapshots and slots", look: () => lookAtHolders(db) },
];

/** Dead rows are reported from this number on, if there are more of them than of live ones. */
const MANY_DEAD = 100_000;
const LARGEST = 3;
const OLD_TRANSACTION_S = 600;

type Table = { name: string; live: number; dead: number; size: string; autovacuum: boolean };
type Whole = { size: string; oldest: number };

/** The size of the database, and whether anything prevents vacuum from cleaning up. */
async function lookAtTables(db: Database): Promise<Finding | Finding[]> {
  const [tables, [whole]] = await Promise.all([
    rows<Table>(
      db.drizzle,
      sql`select s.relname as name, s.n_live_tup::float8 as live, s.n_dead_tup::float8 as dead,
                 pg_size_pretty(pg_total_relation_size(c.oid)) as size,
                 current_setting('autovacuum')::boolean and not coalesce(c.reloptions && array['autovacuum_enabled=false', 'autovacuum_enabled=off'], false) as autovacuum
          from pg_stat_user_tables s join pg_class c on c.oid = s.relid
          where s.schemaname = current_schema() order by pg_total_relation_size(c.oid) desc`,
    ),
    rows<Whole>(
      db.drizzle,
      sql`select pg_size_pretty(pg_database_size(current_database())) as size,
                 coalesce((select extract(epoch from now() - min(xact_start)) from pg_stat_activity
                           where datname = current_database() and backend_type = 'client backend'), 0)::float8 as oldest`,
    ),
  ]);
  const findings = tableFindings(tables, whole?.oldest ?? 0);
  if (findings.length > 0) return findings;
  const largest = tables.slice(0, LARGEST).map(({ name, size }) => `${name} ${size}`);
  return ok(`database ${whole?.size}; largest: ${largest.join(", ")}`);
}

/** What makes the tables grow. */
export function tableFindings(tables: readonly Omit<Table, "size">[], oldestSeconds: number): Finding[] {
  const unclean = tables.filter(({ autovacuum }) => !autovacuum).map(({ name }) => name);
  const bloated = tables.filter(({ live, dead }) => dead > MANY_DEAD && dead > live);
  return [
    ...(unclean.length > 0
      ? [
          warning(
            `Autovacuum is off for ${unclean.slice(0, LARGEST).join(", ")}${unclean.length > LARGEST ? ` and ${unclean.length - LARGEST} more tables` : ""}.`,
            "Switch it on: the tables grow without end, and statements become slow.",
          ),
        ]
      : []),
    ...bloated.map(({ name, live, dead }) =>
      warning(
        `The table ${name} has ${Math.round(dead)} dead rows beside ${Math.round(live)} live ones.`,
        "Look for what holds a snapshot (pg_stat_activity, replication slots), then run `vacuum`.",
      ),
    ),
    ...(oldestSeconds > OLD_TRANSACTION_S
      ? [
          warning(
            `A transaction has been open for ${Math.round(oldestSeconds / 60)} minutes: until it ends, no table is cleaned up.`,
            "`select pid, application_name, xact_start, query from pg_stat_activity order by xact_start limit 5`",
          ),
        ]
      : []),
  ];
}

/** What prevents vacuum from cleaning up without being a session. */
export type Holders = {
  /** Replication slots that nobody reads, and how much write-ahead log each keeps. */
  readonly slots: readonly { readonly name: string; readonly mib: number }[];
  /** Transactions that were prepared ten minutes ago and neither committed nor rolled back. */
  readonly prepared: readonly string[];
  /** Transactions since the oldest row that is not frozen. */
  readonly unfrozen: number;
};

const MUCH_LOG_MIB = 1_024;
/** Postgres refuses writes from 2,100 million on; autovacuum freezes from 200 million on. */
const MANY_UNFROZEN = 1_000_000_000;

async function lookAtHolders(db: Database): Promise<Finding | Finding[]> {
  const [slots, prepared, [age]] = await Promise.all([
    rows<{ name: string; mib: number }>(
      db.drizzle,
      sql`select slot_name as name, (pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) / 1048576)::float8 as mib
          from pg_replication_slots where not active and restart_lsn is not null order by 2 desc`,
    ),
    rows<{ gid: string }>(
      db.drizzle,
      sql`select gid from pg_prepared_xacts where database = current_database()
            and prepared < now() - ${OLD_TRANSACTION_S} * interval '1 second' order by prepared`,
    ),
    rows<{ unfrozen: number }>(
      db.drizzle,
      sql`select age(datfrozenxid)::float8 as unfrozen from pg_database where datname = current_database()`,
    ),
  ]);
  const holders = { slots, prepared: prepared.map(({ gid }) => gid), unfrozen: age?.unfrozen ?? 0 };
  const findings = holderFindings(holders);
  return findings.length > 0 ? findings : ok("no slot, prepared transaction or old row holds anything up");
}

/** A warning for each that blocks vacuum or keeps write-ahead log for too long. */
export const holderFindings = ({ slots, prepared, unfrozen }: Holders): Finding[] => [
  ...slots
    .filter(({ mib }) => mib >= MUCH_LOG_MIB)
    .map(({ name, mib }) =>
      warning(
        `Nobody reads the replication slot ${name}, and it keeps ${Math.round(mib)} MiB of write-ahead log on the disk.`,
        `Start its replica, or drop it: select pg_drop_replication_slot('${name}')`,
      ),
    ),
  ...prepared
    .slice(0, LARGEST)
    .map((gid) =>
      warning(
        `The prepared transaction ${gid} was neither committed nor rolled back: no table is cleaned up, and its locks stay.`,
        `commit prepared '${gid.replaceAll("'", "''")}', or rollback prepared`,
      ),
    ),
  ...(unfrozen > MANY_UNFROZEN
    ? [
        warning(
          `${Math.round(unfrozen / 1_000_000)} million transactions were not frozen: at 2,100 million Postgres refuses writes.`,
          "Look for what keeps autovacuum from its work (the lines about tables and slots), then run `vacuum (freeze)`.",
        ),
      ]
    : []),
];
