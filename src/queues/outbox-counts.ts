import { sql } from "drizzle-orm";
import { QUEUE_NAMES, type QueueName } from "../config/queues.ts";
import { array, type Queryable, rows } from "../db/statement.ts";
import { foreignQueues } from "./adopt-entries.ts";
import type { ScanStarts } from "./relay-round.ts";

export type EntryState = "due" | "later" | "carried" | "dead";

export type EntryCount = {
  readonly queue: string;
  readonly state: EntryState;
  readonly count: number;
  /** True if the outbox was sampled, because it has too many entries to count at each scrape. */
  readonly isEstimate: boolean;
  /** Age of the oldest one that is due or carried. */
  readonly oldestSeconds: number | null;
};

/** Up to this many entries of a state are counted: some milliseconds. */
const EXACT_UP_TO = 10_000;
/** A sample of this many pages of 8 KB holds some 50,000 entries. Estimates from it are about 10 % off. */
const SAMPLE_PAGES = 1_000;

/** About how many entries of a state a queue has. */
export type EntryEstimate = Pick<EntryCount, "queue" | "state" | "count">;

export type CountOptions = {
  readonly exactUpTo?: number;
  /** Estimates what exceeds the limit. Default: `sampleEntries`, each time. */
  readonly sample?: () => Promise<readonly EntryEstimate[]>;
  /** Names of queues with entries that this version does not have. Default: `foreignQueues`, each time. */
  readonly foreign?: () => Promise<readonly string[]>;
  /**
   * Where the due entries of each queue begin, as the relay last saw it; before that there are only dead
   * rows.
   */
  readonly from?: ScanStarts;
};

/**
 * Counts the entries of each queue by state, in a time that does not grow with the outbox: exactly up to
 * 10,000 due and 10,000 later ones of a queue, and up to 10,000 carried and 10,000 dead ones in all; more are
 * estimated from a sample of the table. Queues without entries in a state are absent.
 */
export async function countEntries(
  on: Queryable,
  {
    exactUpTo = EXACT_UP_TO,
    sample = () => sampleEntries(on),
    foreign = () => foreignQueues(on),
    from = new Map(),
  }: CountOptions = {},
): Promise<EntryCount[]> {
  const counted = await countUpTo(on, [...QUEUE_NAMES, ...(await foreign())], exactUpTo, from);
  const isExceeded = (row: Counted): boolean => {
    const ofLimit = row.isPerQueue ? [row] : counted.filter(({ state }) => state === row.state);
    return ofLimit.reduce((sum, { count }) => sum + count, 0) > exactUpTo;
  };
  const sampled = counted.some(isExceeded) ? await sample() : [];
  return counted.map((row) => {
    const { queue, state, count, oldestSeconds } = row;
    const estimate = sampled.find((other) => other.queue === queue && other.state === state)?.count ?? 0;
    return isExceeded(row)
      ? { queue, state, count: Math.max(count, estimate), isEstimate: true, oldestSeconds }
      : { queue, state, count, isEstimate: false, oldestSeconds };
  });
}

type Counted = {
  queue: string;
  state: EntryState;
  count: number;
  oldestSeconds: number | null;
  /** Whether the limit applies to each queue. */
  isPerQueue: boolean;
};

/** Stops counting one entry after the limit. Each branch reads a partial index in its order. */
function countUpTo(
  on: Queryable,
  queues: readonly string[],
  limit: number,
  from: ScanStarts,
): Promise<Counted[]> {
  const since = queues.map((queue) => from.get(queue as QueueName) ?? "-infinity");
  return rows<Counted>(
    on,
    sql`with waiting(queue, since) as (select * from unnest(${array(queues)}::text[], ${array(since)}::timestamptz[])),
        counted(queue, state, count, oldest, is_per_queue) as (
          select w.queue, 'due', due.count, due.oldest, true
          from waiting w cross join lateral (
            select count(*), min(run_at) as oldest
            from (select run_at from outbox o
                  where o.queue = w.queue and o.enqueued_at is null and o.dead_at is null and o.run_at <= now()
                    and o.run_at >= w.since
                  order by o.run_at limit ${limit + 1}) o) as due
          union all
          select w.queue, 'later', later.count, null, true
          from waiting w cross join lateral (
            select count(*)
            from (select 1 from outbox o
                  where o.queue = w.queue and o.enqueued_at is null and o.dead_at is null and o.run_at > now()
                  order by o.run_at limit ${limit + 1}) o) as later
          union all
          select queue, 'carried', count(*), min(run_at), false
          from (select queue, run_at from outbox where enqueued_at is not null and dead_at is null
                order by enqueued_at limit ${limit + 1}) o group by queue
          union all
          select queue, 'dead', count(*), null, false
          from (select queue from outbox where dead_at is not null order by dead_at limit ${limit + 1}) o group by queue)
        select queue, state, count::int as count, extract(epoch from now() - oldest)::float8 as "oldestSeconds",
               is_per_queue as "isPerQueue"
        from counted where count > 0`,
  );
}

/** Estimates the number of entries from some pages of the table: about 40 ms of processor time. */
export async function sampleEntries(on: Queryable, samplePages = SAMPLE_PAGES): Promise<EntryEstimate[]> {
  const [size] = await rows<{ pages: number }>(
    on,
    sql`select (pg_relation_size('outbox') / current_setting('block_size')::int)::int as pages`,
  );
  const percent = Math.min(100, (100 * samplePages) / Math.max(1, size?.pages ?? 1));
  return rows<EntryEstimate>(
    on,
    sql`select queue,
               case when dead_at is not null then 'dead' when enqueued_at is not null then 'carried'
                    when run_at > now() then 'later' else 'due' end as state,
               round(count(*) * 100 / ${percent}::float8)::int as count
        from outbox tablesample system (${percent}::real) group by 1, 2`,
  );
}

/**
 * Entries that failed five times or more and are still retried, by queue; beyond 10,000 in all, a part of
 * them.
 */
export function countFailing(on: Queryable): Promise<{ queue: string; count: number }[]> {
  return rows(
    on,
    sql`select queue, count(*)::int as count
        from (select queue from outbox where attempts >= 5 and dead_at is null order by queue limit ${EXACT_UP_TO}) o
        group by queue`,
  );
}
