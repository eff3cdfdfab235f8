import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { array, type Database } from "../db/client.ts";
import type { Log } from "../log.ts";
import { keyPrefix, QUEUE_NAMES, type QueueName } from "./queues.ts";
import type { Producers } from "./redis.ts";

type Deps = { readonly db: Database; readonly producers: Producers; readonly log: Log };

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
  const freed = await db.drizzle.execute(
    sql`update outbox set enqueued_at = null, carrier = null
        where queue = any(${array(lost)}::text[]) and enqueued_at is not null and dead_at is null`,
  );
  for (const queue of lost) await producers.redis.set(markerKey(producers, queue), randomUUID());
  if (freed.rowCount)
    log.warn(
      { queues: lost, entries: freed.rowCount },
      "Redis had forgotten these queues; their work is due again",
    );
  return lost;
}
