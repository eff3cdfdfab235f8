import { sql } from "drizzle-orm";
import type { QueueName } from "../config/queues.ts";
import { array, type Queryable, rows } from "../db/statement.ts";
import type { Tally } from "./tally.ts";

const MINUTE_MS = 60_000;
/** Minutes that are kept while Postgres is away. */
const MAX_UNWRITTEN = 120;
const KEPT_DAYS = 8;

/** What became of one carrier. */
export type CarrierActivity = {
  readonly queue: QueueName;
  readonly tally: Pick<Tally, "done" | "skipped" | "retry" | "dead">;
  /** From adding it to Redis to its start; null for one that was not in Redis. */
  readonly waitedMs: number | null;
  readonly tookMs: number;
};

/** What the carriers of this process did, by minute and queue, until it is written to Postgres. */
export type Activity = {
  record(carrier: CarrierActivity, at: Date): void;
  /**
   * Adds what was counted since the last call to the minutes in Postgres, and deletes old ones. What could
   * not be written is kept for the next call.
   */
  write(on: Queryable): Promise<void>;
};

type Counted = {
  readonly minute: string;
  readonly queue: string;
  settled: number;
  retried: number;
  died: number;
  carriers: number;
  waitedMs: number;
  longestWaitMs: number;
  ranMs: number;
};

const FIGURES = ["settled", "retried", "died", "carriers", "waitedMs", "longestWaitMs", "ranMs"] as const;

/** Counts in memory: a carrier costs no statement. A process that is killed loses up to one interval. */
export function createActivity(): Activity {
  let counted = new Map<string, Counted>();
  return {
    record({ queue, tally, waitedMs, tookMs }, at) {
      const minute = new Date(Math.floor(at.getTime() / MINUTE_MS) * MINUTE_MS).toISOString();
      const row = rowOf(counted, minute, queue);
      const waited = Math.max(0, Math.round(waitedMs ?? 0));
      row.settled += tally.done + tally.skipped;
      row.retried += tally.retry;
      row.died += tally.dead;
      row.carriers += 1;
      row.waitedMs += waited;
      row.longestWaitMs = Math.max(row.longestWaitMs, waited);
      row.ranMs += Math.round(tookMs);
    },
    async write(on) {
      const writing = counted;
      counted = new Map();
      try {
        if (writing.size > 0) await addMinutes(on, [...writing.values()]);
      } catch (error) {
        for (const row of [...writing.values()].slice(-MAX_UNWRITTEN)) merge(counted, row);
        throw error;
      }
    },
  };
}

function rowOf(counted: Map<string, Counted>, minute: string, queue: string): Counted {
  const key = `${minute} ${queue}`;
  const known = counted.get(key);
  if (known) return known;
  const row: Counted = {
    minute,
    queue,
    ...{ settled: 0, retried: 0, died: 0, carriers: 0, waitedMs: 0, longestWaitMs: 0, ranMs: 0 },
  };
  counted.set(key, row);
  return row;
}

function merge(counted: Map<string, Counted>, other: Counted): void {
  const row = rowOf(counted, other.minute, other.queue);
  for (const figure of FIGURES)
    row[figure] =
      figure === "longestWaitMs" ? Math.max(row[figure], other[figure]) : row[figure] + other[figure];
}

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

/** The activity of a queue in one step of time. */
export type QueueStep = {
  queue: string;
  /** When the step begins, in seconds since 1970. */
  atSeconds: number;
  settled: number;
  retried: number;
  died: number;
  carriers: number;
  waitedMs: number;
  longestWaitMs: number;
};

/**
 * The activity of the queues since an instant, in steps of that many seconds, oldest first. Steps without any
 * are absent.
 */
export const readActivity = (on: Queryable, since: Date, stepSeconds: number): Promise<QueueStep[]> =>
  rows<QueueStep>(
    on,
    sql`select queue, (floor(extract(epoch from minute) / ${stepSeconds}::int) * ${stepSeconds}::int)::float8 as "atSeconds",
               sum(settled)::float8 as settled, sum(retried)::float8 as retried, sum(died)::float8 as died,
               sum(carriers)::float8 as carriers, sum(waited_ms)::float8 as "waitedMs",
               max(longest_wait_ms)::float8 as "longestWaitMs"
        from queue_minutes where minute >= ${since}::timestamptz group by 1, 2 order by 2, 1`,
  );
