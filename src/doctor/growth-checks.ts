import { sql } from "drizzle-orm";
import type { Config } from "../config/config.ts";
import { settingsFrom } from "../config/settings.ts";
import type { Database } from "../db/client.ts";
import type { Overdue } from "../db/id-ranges.ts";
import { readSizes, type Sizes, sizesIn } from "../db/sizes.ts";
import { rows } from "../db/statement.ts";
import { overdueHistory, pruneHistory } from "../workers/maintenance/prune-history.ts";
import { overdueEvents, pruneEvents } from "../workers/notifications/fan-out/prune-events.ts";
import {
  overdueNotifications,
  pruneNotifications,
} from "../workers/notifications/fan-out/prune-notifications.ts";
import { type Check, type Finding, ok, warning } from "./finding.ts";

/** Whether old rows are deleted, and which tables grow. */
export const growthChecks = (db: Database, config: Config | null): Check[] => [
  { name: "Retention", look: () => lookAtRetention(db, config) },
  { name: "Growth", look: () => lookAtGrowth(db) },
];

const DAY_MS = 86_400_000;
/** Rows are deleted once a day; a run may fail, and a long one leaves the rest to the next. */
const GRACE_DAYS = 3;

const PRUNING = [
  { job: pruneHistory.name, overdue: overdueHistory },
  { job: pruneNotifications.name, overdue: overdueNotifications },
  { job: pruneEvents.name, overdue: overdueEvents },
] as const;

async function lookAtRetention(db: Database, config: Config | null): Promise<Finding | Finding[]> {
  if (config === null) return ok("not looked at: see Configuration");
  const settings = settingsFrom(config);
  const now = await nowOf(db);
  const since = new Date(now.getTime() - GRACE_DAYS * DAY_MS);
  const findings: Finding[] = [];
  for (const { job, overdue } of PRUNING) {
    const tables = await overdue(db.drizzle, settings, since);
    if (tables.length === 0) continue;
    findings.push(
      warning(
        `Old rows are not deleted: ${tables.map((table) => overdueText(table, now)).join(", ")}.`,
        `\`commonwork runs --job ${job}\`: does it run each night, and to its end? \`commonwork run ${job}\` deletes them now.`,
      ),
    );
  }
  return findings.length > 0 ? findings : ok("no rows are kept longer than configured");
}

const overdueText = ({ table, keptDays, oldest }: Overdue, now: Date): string =>
  `${table} (${Math.floor((now.getTime() - oldest.getTime()) / DAY_MS)} days old, ${keptDays} are kept)`;

async function nowOf(db: Database): Promise<Date> {
  const [clock] = await rows<{ now: string }>(db.drizzle, sql`select now()`);
  return new Date(clock?.now ?? Date.now());
}

/** Growth is measured against the newest sizes that are at least this old. */
const COMPARED_DAYS = 7;
/** Tables that grew by less than this, or did not double, are not reported. */
const MUCH_MIB = 1_024;

type Earlier = { readonly daysAgo: number; readonly sizes: Sizes };

async function lookAtGrowth(db: Database): Promise<Finding | Finding[]> {
  const [now, earlier] = await Promise.all([readSizes(db.drizzle), readEarlier(db)]);
  if (earlier === null)
    return ok(
      `database ${now.database} MiB; no sizes of a week ago yet (${pruneHistory.name} counts them each night)`,
    );
  const findings = growthFindings(now, earlier);
  const grown = now.database - earlier.sizes.database;
  return findings.length > 0
    ? findings
    : ok(`database ${now.database} MiB, ${grown < 0 ? "" : "+"}${grown} MiB in ${earlier.daysAgo} days`);
}

async function readEarlier(db: Database): Promise<Earlier | null> {
  const [run] = await rows<{ daysAgo: number; counts: Record<string, number> }>(
    db.drizzle,
    sql`select floor(extract(epoch from now() - finished_at) / 86400)::int as "daysAgo", counts from job_runs
        where job = ${pruneHistory.name} and status = 'done' and finished_at < now() - ${COMPARED_DAYS} * interval '1 day'
        order by id desc limit 1`,
  );
  const sizes = run === undefined ? null : sizesIn(run.counts);
  return run === undefined || sizes === null ? null : { daysAgo: run.daysAgo, sizes };
}

/** The tables that have doubled and grown by a gigabyte; the database, where it is none of them alone. */
export function growthFindings(now: Sizes, { daysAgo, sizes }: Earlier): Finding[] {
  const hasGrown = (mib: number, before: number) => mib - before >= MUCH_MIB && mib >= 2 * before;
  const tables = Object.entries(now.tables).filter(([name, mib]) => hasGrown(mib, sizes.tables[name] ?? 0));
  const since = `in ${daysAgo} days`;
  if (tables.length > 0)
    return tables.map(([name, mib]) =>
      warning(
        `The table ${name} grew from ${sizes.tables[name] ?? "less than 100"} to ${mib} MiB ${since}.`,
        "Is that the new work of these days? If not: `commonwork queues` shows work that waits, and the line Retention what is not deleted.",
      ),
    );
  return hasGrown(now.database, sizes.database)
    ? [
        warning(
          `The database grew from ${sizes.database} to ${now.database} MiB ${since}.`,
          "Which tables? `select oid::regclass, pg_size_pretty(pg_total_relation_size(oid)) from pg_class where relkind in ('r', 'm') order by pg_total_relation_size(oid) desc limit 10`",
        ),
      ]
    : [];
}
