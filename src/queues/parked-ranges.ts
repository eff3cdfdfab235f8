import { sql } from "drizzle-orm";
import { QUEUE_NAMES, type QueueName } from "../config/queues.ts";
import type { Database } from "../db/client.ts";
import { array, type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { Catalogue } from "./catalogue.ts";
import { concurrencyOf } from "./queues.ts";
import type { Producers } from "./redis.ts";

// Only some ranges of a run are due at a time, so that other work always finds a free worker. The others are
// parked: their run_at is infinity. Each range that is settled, or fails, releases the next one. Those that
// are postponed as well are held (postpone.ts).

/** What the number of ranges that are due at a time depends on. */
type RangeLimit = { readonly queue: QueueName; readonly rangesPerWorker?: number };

/** How many ranges of one run are due at a time, for a number of worker processes. */
export const rangesAtOnce = ({ queue, rangesPerWorker }: RangeLimit, processes = 1): number =>
  Math.max(1, Math.floor(processes * (rangesPerWorker ?? (concurrencyOf(queue) * 2) / 3)));

/**
 * Makes the next parked range of a run due. Ranges are released in the order of their ids, so that those of
 * lower ids, settled long ago, need not be read again.
 */
export async function releaseNextRange(tx: Tx, runId: string, settledId: string): Promise<void> {
  const released = await tx.execute(
    sql`update outbox set run_at = now() where id = (
          select id from outbox where parent = ${runId} and run_at = 'infinity' and postponed_at is null and id > ${settledId} order by id
          limit 1 for update skip locked)`,
  );
  if (released.rowCount) tx.dispatch.pending = true;
}

type ParkedRun = { run: string; queue: QueueName; name: string };

/**
 * Releases more ranges of runs that have fewer due than their queue has room for: workers were started since
 * the run was cut, or a range was lost that would have released the next one.
 */
export async function topUpRanges(db: Database, producers: Producers, catalogue: Catalogue): Promise<void> {
  const runs = await parkedRuns(db.drizzle);
  const processes = new Map<QueueName, number>();
  for (const { run, queue, name } of runs) {
    if (!processes.has(queue)) processes.set(queue, await workersOf(producers, queue));
    const job = catalogue.find(name)?.job;
    const limit = job?.form === "ranged" ? job : { queue };
    await releaseUpTo(db.drizzle, run, rangesAtOnce(limit, processes.get(queue)));
  }
}

/** One index lookup per run. */
const parkedRuns = (on: Queryable): Promise<ParkedRun[]> =>
  rows<ParkedRun>(
    on,
    sql`with recursive parked(run, queue, name) as (
          (select parent, queue, job from outbox where run_at = 'infinity' and postponed_at is null order by parent, id limit 1)
          union all
          select next.parent, next.queue, next.job from parked cross join lateral (
            select o.parent, o.queue, o.job from outbox o where o.run_at = 'infinity' and o.postponed_at is null and o.parent > parked.run
            order by o.parent, o.id limit 1) next)
        select run, queue, name from parked where queue = any(${array(QUEUE_NAMES)}::text[])`,
  );

/** Some hosted Redis services do not list their clients. */
const workersOf = async (producers: Producers, queue: QueueName): Promise<number> =>
  Math.max(
    1,
    await producers
      .queue(queue)
      .getWorkersCount()
      .catch(() => 1),
  );

async function releaseUpTo(on: Queryable, run: string, limit: number): Promise<void> {
  await on.execute(
    sql`update outbox set run_at = now() where id = any(array(
          select id from outbox where parent = ${run} and run_at = 'infinity' and postponed_at is null order by id
          limit greatest(0, ${limit}::int - (
            select count(*) from outbox where parent = ${run} and run_at < 'infinity' and dead_at is null))::int
          for update skip locked))`,
  );
}
