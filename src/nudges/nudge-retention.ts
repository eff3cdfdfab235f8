import { type SQL, sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";

const userIsGone = sql`not exists (select 1 from users u where u.id = r.user_id)`;

/**
 * The tables that record sent nudges, so that none is sent twice, and for each the condition on its rows `r`
 * under which a row is older than `before` and no longer needed. A row is needed as long as its nudge could
 * be due again: a meeting may be moved back, a message marked as unread, a participant may return, a project
 * may be reopened. Ids are not reused, and times and edits only move forward (decision 0050).
 */
export const NUDGE_RETENTION = {
  // No reminder is sent after the start, wherever the meeting is moved.
  meeting_reminders: (before: string) => sql`r.start_time < ${before}::timestamptz`,
  // A message can become unread again as long as it exists.
  unread_nudges: (before: string) => sql`r.nudged_at < ${before}::timestamptz and (${userIsGone}
    or not exists (select 1 from messages m where m.id = r.oldest_unread_id))`,
  // The greatest step of an anchor covers those before it. Without its resume, a project counts from its
  // creation again.
  resume_nudges: (before: string) => sql`r.nudged_at < ${before}::timestamptz and (${userIsGone}
    or exists (select 1 from resume_nudges s where s.subject_id = r.subject_id and s.kind = r.kind and s.user_id = r.user_id
                 and s.anchor_at = r.anchor_at and s.step > r.step)
    or not exists (select 1 from projects p left join resumes w on w.project_id = p.id and w.kind = r.kind
                   where p.id = r.subject_id and r.anchor_at in (p.created_at, w.edited_at)))`,
} satisfies Record<string, (before: string) => SQL>;

export type NudgeLog = keyof typeof NUDGE_RETENTION;
export const NUDGE_LOGS = Object.keys(NUDGE_RETENTION) as readonly NudgeLog[];

/** A part of a log that one transaction prunes: an hour of starts, or pages of the table, without `to`. */
export type LogPart = { readonly from: string; readonly to: string };

/** At most this many hours per run. The rest waits for the next run. */
const MAX_HOURS = 1_000;

/** Pages of 8 KiB, with about a hundred rows each. */
const PAGES_PER_PART = 256;
/** 32 MiB, or some 400,000 rows. */
const PARTS_PER_RUN = 16;
/** The whole log is read in this many runs at most. */
const MAX_RUNS = 30;

/**
 * The parts of a log that a run reads. Reminders are found by their start. Most rows of the other logs are
 * kept for as long as their subject exists, so no column shows which may be deleted: each run reads another
 * part of a large log, and all of it within a month.
 */
export const cutLog = (
  tx: Tx,
  log: NudgeLog,
  { before, now }: { readonly before: string; readonly now: Date },
): Promise<LogPart[]> =>
  log === "meeting_reminders"
    ? hoursBefore(tx, before)
    : pagesOfDay(tx, log, Math.floor(now.getTime() / DAY_MS));

const DAY_MS = 86_400_000;

/** The hours with starts of meetings before an instant, by the index meeting_reminders_start. */
function hoursBefore(tx: Tx, before: string): Promise<LogPart[]> {
  const firstFrom = (at: SQL) => sql`(select r.start_time from meeting_reminders r
    where r.start_time >= ${at} and r.start_time < ${before}::timestamptz order by r.start_time limit 1)`;
  return rows<LogPart>(
    tx,
    sql`with recursive starts(at) as (
          select ${firstFrom(sql`'-infinity'::timestamptz`)}
          union all
          select ${firstFrom(sql`starts.at + interval '1 hour'`)} from starts where starts.at is not null)
        select at::text as "from", least(at + interval '1 hour', ${before}::timestamptz)::text as "to"
        from starts where at is not null limit ${MAX_HOURS}`,
  );
}

/** Rows are never updated, so each stays in its page. */
const pagesOfDay = (tx: Tx, log: NudgeLog, day: number): Promise<LogPart[]> =>
  rows<LogPart>(
    tx,
    sql`with parts as (
          select n, count(*) over () as total
          from generate_series(0, (pg_relation_size(${log}::text::regclass) / current_setting('block_size')::int - 1) / ${PAGES_PER_PART}::int) as n
          where pg_relation_size(${log}::text::regclass) > 0)
        select (n * ${PAGES_PER_PART}::int)::text as "from", ((n + 1) * ${PAGES_PER_PART}::int)::text as "to"
        from parts where (n + ${day}::int) % least(${MAX_RUNS}::int, ceil(total / ${PARTS_PER_RUN}::numeric))::int = 0
        order by n`,
  );

/** The rows `r` of a part that may be deleted. */
export const outlivedIn = (
  log: NudgeLog,
  { from, to, before }: LogPart & { readonly before: string },
): SQL =>
  log === "meeting_reminders"
    ? sql`r.start_time >= ${from}::timestamptz and r.start_time < ${to}::timestamptz and ${NUDGE_RETENTION[log](before)}`
    : sql`r.ctid >= ${`(${from},0)`}::tid and r.ctid < ${`(${to},0)`}::tid and ${NUDGE_RETENTION[log](before)}`;
