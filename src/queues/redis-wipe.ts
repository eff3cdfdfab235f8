import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { QUEUE_NAMES, type QueueName } from "../config/queues.ts";
import type { Database } from "../db/client.ts";
import { array, rows } from "../db/statement.ts";
import type { Log } from "../log.ts";
import { keyPrefix } from "./queues.ts";
import type { Producers } from "./redis.ts";

type Deps = { readonly db: Database; readonly producers: Producers; readonly log: Log };

/** So many entries are written in a fraction of the time that a statement may take. */
const PORTION = 5_000;

/** Beside the keys of BullMQ, in the same slot. */
function markerKey(producers: Producers, queue: QueueName): string {
  return `${producers.queue(queue).opts.prefix ?? keyPrefix("cw", queue)}:marker-of-life`;
}

/**
 * A key in Redis per queue that only a wipe removes. Where it is missing, every entry that a carrier held is due again; then the
 * key is put back. In that order: a process that dies in between leaves the wipe visible to the next one.
 */
export async function restoreLostQueues({ db, producers, log }: Deps): Promise<QueueName[]> {
  const found = await Promise.all(
    QUEUE_NAMES.map((queue) => producers.redis.exists(markerKey(producers, queue))),
  );
  const lost = QUEUE_NAMES.filter((_, index) => found[index] === 0);
  if (lost.length === 0) return [];
  const entries = await freeAll(db, lost);
  for (const queue of lost) await producers.redis.set(markerKey(producers, queue), randomUUID());
  if (entries > 0)
    log.warn({ queues: lost, entries }, "Redis had forgotten these queues; their work is due again");
  return lost;
}

/**
 * Makes what carriers held until now due again, a portion a statement. What a transaction is settling just now is left alone: it goes
 * with its commit, and should that fail, the sweep finds the carrier gone.
 */
async function freeAll(db: Database, queues: readonly QueueName[]): Promise<number> {
  const [clock] = await rows<{ now: string }>(db.drizzle, sql`select now()::text as now`);
  for (let freed = 0; ; ) {
    const portion = await rows(
      db.drizzle,
      sql`update outbox set enqueued_at = null, carrier = null
          where id = any(array(select id from outbox
            where queue = any(${array(queues)}::text[]) and enqueued_at <= ${clock?.now}::timestamptz and dead_at is null
            order by enqueued_at limit ${PORTION} for update skip locked))
          returning id`,
    );
    freed += portion.length;
    if (portion.length < PORTION) return freed;
  }
}
