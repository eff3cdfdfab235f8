import { sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { rows } from "../db/statement.ts";
import { type Finding, ok, warning } from "./finding.ts";

/** Dead rows are worth a look from this number on, if they are more than the live ones. */
const MANY_DEAD = 100_000;
const LARGEST = 3;
const OLD_TRANSACTION_S = 600;

type Table = { name: string; live: number; dead: number; size: string; autovacuum: boolean };
type Whole = { size: string; oldest: number };

/** How large the database is, and whether anything keeps tables from being cleaned up. */
export async function lookAtTables(db: Database): Promise<Finding | Finding[]> {
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

/** What keeps the tables growing. */
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
