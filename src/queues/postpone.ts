import { sql } from "drizzle-orm";
import type { QueueName } from "../config/queues.ts";
import type { Database } from "../db/client.ts";
import { array, type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { type Holder, heldBy, lockedWhere } from "./call-lease.ts";
import { failEntry } from "./failure.ts";

/** The first wait of a postponed entry: another process of a rolling deploy may know its job. */
const FIRST_WAIT_MS = 1_000;
/** Longer waits would delay its work after a deploy; a version that starts makes it due at once. */
const MAX_WAIT_MS = 15 * 60_000;
const DEAD_AFTER_MS = 24 * 3_600_000;
/** At most this many entries become dead letters per sweep. */
const DEAD_PER_SWEEP = 500;

/**
 * Postpones entries that this version cannot run: it has no such job, or the payload was written by a version
 * whose schema differs. No attempt is used. Each wait is a quarter of the time since the first one, so that
 * another version finds a new entry within seconds, and old entries cost little.
 *
 * @param reason stored with the entry; must hold no values of the payload.
 * @param holder the attempt that gives the entries back; those that another attempt holds are left to it.
 * @returns how many were not postponed before.
 */
export async function postponeEntries(
  on: Queryable,
  ids: readonly string[],
  reason: string,
  holder: Holder,
): Promise<number> {
  const postponed = await rows<{ isNew: boolean }>(
    on,
    sql`update outbox set
          enqueued_at = null, carrier = null, error = ${reason}, postponed_at = coalesce(postponed_at, now()),
          run_at = now() + least(${MAX_WAIT_MS} * interval '1 millisecond',
                                 greatest(${FIRST_WAIT_MS} * interval '1 millisecond', (now() - postponed_at) / 4))
        where id = any(${lockedWhere(ids, heldBy(holder))})
        returning postponed_at = now() as "isNew"`,
  );
  return postponed.filter(({ isNew }) => isNew).length;
}

/** At most this many entries of a queue are checked by one call of `holdEntries`. */
const HELD_AT_ONCE = 2_000;

/**
 * Holds the first due entries of a queue whose jobs are not among `names`, until a relay whose version has
 * the job takes them (relay-round.ts): their run_at is infinity.
 *
 * @returns how many, by job.
 */
export async function holdEntries(
  tx: Tx,
  queue: QueueName,
  names: readonly string[],
): Promise<{ job: string; entries: number }[]> {
  const due = await rows<{ id: string; job: string }>(
    tx,
    sql`select id, job from outbox
        where queue = ${queue} and enqueued_at is null and dead_at is null and run_at <= now()
        order by run_at, id limit ${HELD_AT_ONCE} for update skip locked`,
  );
  const unknown = due.filter(({ job }) => !names.includes(job)).map(({ id }) => id);
  return rows(
    tx,
    sql`with held as (
          update outbox set error = format('unknown job "%s" in this version', job),
            postponed_at = coalesce(postponed_at, now()),
            run_at = 'infinity'
          where id = any(${array(unknown)}::bigint[])
          returning job)
        select job, count(*)::int as entries from held group by job`,
  );
}

/** Makes the postponed entries due that a version which has just started may know. */
export async function resumePostponed(on: Queryable, names: readonly string[]): Promise<void> {
  await on.execute(
    sql`update outbox set run_at = now()
        where postponed_at is not null and dead_at is null and enqueued_at is null and run_at < 'infinity'
          and job = any(${array(names)}::text[])`,
  );
}

/**
 * Entries that no version could run for a day become dead letters, and their runs fail.
 * @returns how many.
 */
export async function failPostponed(db: Database): Promise<number> {
  const expired = await rows<{ id: string; error: string }>(
    db.drizzle,
    sql`select id, error from outbox
        where postponed_at < now() - ${DEAD_AFTER_MS} * interval '1 millisecond' and dead_at is null and enqueued_at is null
        order by postponed_at limit ${DEAD_PER_SWEEP}`,
  );
  for (const { id, error } of expired) await failEntry(db, NEVER_RETRIED, id, { error, final: true }, null);
  return expired.length;
}

const NEVER_RETRIED = { attempts: 1, backOff: { baseMs: 0, capMs: 0 } };

/** Postponed entries by the name of their job. */
export function countPostponed(on: Queryable): Promise<{ job: string; count: number }[]> {
  return rows(
    on,
    sql`select job, count(*)::int as count from outbox where postponed_at is not null and dead_at is null group by job`,
  );
}

export const unknownJob = (name: string): string => `unknown job "${name}" in this version`;
