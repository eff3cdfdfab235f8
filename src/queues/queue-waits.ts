import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";
import { weightedQuantile } from "./job-times.ts";

/** How long carriers of a queue waited for a worker in the last day, and since when its work is late. */
export type QueueWaits = {
  /** Null without a carrier. */
  medianMs: number | null;
  p95Ms: number | null;
  /** Of a carrier, or of a due entry. */
  longestMs: number | null;
  /** The first of the minutes up to now in each of which some work had waited for too long; null if none. */
  lateSince: string | null;
};

/** Work that waits for longer than this is late. */
export const LATE_AFTER_MS = 60_000;
/** Minutes without a row: nothing waited, or no process was there to write it. */
const GAP_MINUTES = 5;

/**
 * The waits of a queue. What is stored are sums of a minute, so the quantiles are those of the averages of
 * each minute, weighted by carriers.
 */
export async function readQueueWaits(on: Queryable, queue: string, now: Date): Promise<QueueWaits> {
  const [found] = await rows<QueueWaits>(
    on,
    sql`with minutes as materialized (
          select minute, carriers, waited_ms, longest_wait_ms from queue_minutes
          where minute > ${now}::timestamptz - interval '1 day' and queue = ${queue}),
        late as (
          select minute, minute - lag(minute) over (order by minute) > ${GAP_MINUTES} * interval '1 minute' as is_first
          from minutes where longest_wait_ms >= ${LATE_AFTER_MS}
            and minute > coalesce((select max(minute) from minutes where longest_wait_ms < ${LATE_AFTER_MS}), '-infinity'))
        select w.*, (select max(longest_wait_ms) from minutes)::float8 as "longestMs",
               (select min(minute) from late
                where minute >= coalesce((select max(minute) from late where is_first), '-infinity')
                  and (select max(minute) from late) > ${now}::timestamptz - ${GAP_MINUTES} * interval '1 minute') as "lateSince"
        from (select ${weightedQuantile(sql`mean`, 0.5)} as "medianMs", ${weightedQuantile(sql`mean`, 0.95)} as "p95Ms"
              from (select mean, sum(carriers) over (order by mean, minute) as upto, sum(carriers) over () as whole
                    from (select minute, carriers, waited_ms::float8 / carriers as mean from minutes where carriers > 0) m) r) w`,
  );
  return found ?? { medianMs: null, p95Ms: null, longestMs: null, lateSince: null };
}
