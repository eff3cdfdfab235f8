import { sql } from "drizzle-orm";
import { QUEUE_NAMES, type QueueName } from "../config/queues.ts";
import { array, type Queryable, rows } from "../db/statement.ts";
import { createJobTotals } from "./job-activity.ts";
import type { ScanStarts } from "./relay-round.ts";
import type { Tally } from "./tally.ts";
import { createTotals } from "./totals.ts";

const MINUTE_MS = 60_000;
const KEPT_DAYS = 8;

/** The outcome of one carrier. */
export type CarrierActivity = {
  readonly queue: QueueName;
  /** The name of the job, for its ranges and sums as well. */
  readonly job: string;
  readonly tally: Pick<Tally, "done" | "skipped" | "retry" | "dead">;
  /** From adding it to Redis to its start; null for one that was not in Redis. */
  readonly waitedMs: number | null;
  readonly tookMs: number;
};

/**
 * Counts what the carriers of this process did in each step of time, until the counts are written to
 * Postgres.
 */
export type Activity = {
  record(carrier: CarrierActivity, at: Date): void;
  /**
   * Adds what was counted since the last call to the rows in Postgres, and deletes old ones. What could not
   * be written is kept for the next call.
   */
  write(on: Queryable): Promise<void>;
};

/** Counts in memory: a carrier costs no statement. A process that is killed loses up to one interval. */
export function createActivity(): Activity {
  const queues = createTotals({
    keyOf: ({ minute, queue }) => `${minute} ${queue}`,
    sum: sumOf,
    write: addMinutes,
  });
  const jobs = createJobTotals();
  return {
    record({ queue, job, tally, waitedMs, tookMs }, at) {
      const waited = Math.max(0, Math.round(waitedMs ?? 0));
      const settled = tally.done + tally.skipped;
      queues.add({
        minute: new Date(Math.floor(at.getTime() / MINUTE_MS) * MINUTE_MS).toISOString(),
        queue,
        settled,
        retried: tally.retry,
        died: tally.dead,
        carriers: 1,
        waitedMs: waited,
        longestWaitMs: waited,
        ranMs: Math.round(tookMs),
      });
      jobs.add({ job, settled, failed: tally.retry + tally.dead, tookMs }, at);
    },
    async write(on) {
      await queues.write(on);
      await jobs.write(on);
    },
  };
}

type Counted = {
  readonly minute: string;
  readonly queue: string;
  readonly settled: number;
  readonly retried: number;
  readonly died: number;
  readonly carriers: number;
  readonly waitedMs: number;
  readonly longestWaitMs: number;
  readonly ranMs: number;
};

const sumOf = (one: Counted, other: Counted): Counted => ({
  minute: one.minute,
  queue: one.queue,
  settled: one.settled + other.settled,
  retried: one.retried + other.retried,
  died: one.died + other.died,
  carriers: one.carriers + other.carriers,
  waitedMs: one.waitedMs + other.waitedMs,
  longestWaitMs: Math.max(one.longestWaitMs, other.longestWaitMs),
  ranMs: one.ranMs + other.ranMs,
});

/** In the order of the key, so that two processes cannot deadlock. */
async function addMinutes(on: Queryable, counted: readonly Counted[]): Promise<void> {
  const column = (name: keyof Counted) => array(counted.map((row) => row[name]));
  const newest = counted
    .map(({ minute }) => minute)
    .sort()
    .at(-1);
  await on.execute(
    sql`with old as (delete from queue_minutes where minute < ${newest}::timestamptz - ${KEPT_DAYS} * interval '1 day')
        insert into queue_minutes as m
          (minute, queue, settled, retried, died, carriers, waited_ms, longest_wait_ms, ran_ms)
        select * from unnest(${column("minute")}::timestamptz[], ${column("queue")}::text[], ${column("settled")}::int[],
          ${column("retried")}::int[], ${column("died")}::int[], ${column("carriers")}::int[], ${column("waitedMs")}::bigint[],
          ${column("longestWaitMs")}::int[], ${column("ranMs")}::bigint[]) as counted(minute, queue)
        order by counted.minute, counted.queue
        on conflict (minute, queue) do update set
          settled = m.settled + excluded.settled, retried = m.retried + excluded.retried, died = m.died + excluded.died,
          carriers = m.carriers + excluded.carriers, waited_ms = m.waited_ms + excluded.waited_ms,
          longest_wait_ms = greatest(m.longest_wait_ms, excluded.longest_wait_ms), ran_ms = m.ran_ms + excluded.ran_ms`,
  );
}

/** Entries that became due more recently than this do not count as waiting. */
const WAITS_AFTER_MS = 1_000;

/**
 * Records for the current minute how long the oldest due entry of each queue has waited in Postgres. Carriers
 * cannot report this while Redis is away or no worker takes work.
 * @param from where the due entries of each queue begin; before that there are only dead rows.
 */
export async function recordWaits(on: Queryable, at: Date, from: ScanStarts): Promise<void> {
  const since = QUEUE_NAMES.map((queue) => from.get(queue) ?? "-infinity");
  await on.execute(
    sql`insert into queue_minutes as m
          (minute, queue, settled, retried, died, carriers, waited_ms, longest_wait_ms, ran_ms)
        select date_trunc('minute', ${at}::timestamptz), waiting.queue, 0, 0, 0, 0, 0,
               least(1000 * extract(epoch from now() - oldest.run_at), 2147483647)::int, 0
        from unnest(${array(QUEUE_NAMES)}::text[], ${array(since)}::timestamptz[]) as waiting(queue, since)
        cross join lateral (
          select o.run_at from outbox o
          where o.queue = waiting.queue and o.enqueued_at is null and o.dead_at is null and o.run_at >= waiting.since
            and o.run_at <= now() - ${WAITS_AFTER_MS} * interval '1 millisecond'
          order by o.run_at limit 1) oldest
        order by waiting.queue
        on conflict (minute, queue) do update set
          longest_wait_ms = greatest(m.longest_wait_ms, excluded.longest_wait_ms)`,
  );
}

/** The activity of a queue in one step of time. */
export type QueueStep = {
  queue: string;
  /** When the step begins, in seconds since 1970. */
  atSeconds: number;
  settled: number;
  retried: number;
  died: number;
  /** Of a carrier in Redis, or of a due entry in Postgres. */
  longestWaitMs: number;
};

/**
 * The activity of the queues since an instant, in steps of that many seconds, oldest first. Steps without any
 * are absent.
 */
export const readActivity = (on: Queryable, since: Date, stepSeconds: number): Promise<QueueStep[]> =>
  rows<QueueStep>(
    on,
    sql`select queue, extract(epoch from step)::float8 as "atSeconds", settled, retried, died, "longestWaitMs"
        from (select queue, date_bin(${stepSeconds}::int * interval '1 second', minute, '1970-01-01Z') as step,
                     sum(settled)::float8 as settled, sum(retried)::float8 as retried, sum(died)::float8 as died,
                     max(longest_wait_ms)::float8 as "longestWaitMs"
              from queue_minutes where minute >= ${since}::timestamptz group by 1, 2) steps
        order by step, queue`,
  );
