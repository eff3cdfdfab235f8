import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { QUEUE_NAMES, type QueueName } from "../config/queues.ts";
import type { Database } from "../db/client.ts";
import { array, rows } from "../db/statement.ts";
import type { Log } from "../log.ts";
import type { Producers } from "./redis.ts";

type Deps = { readonly db: Database; readonly producers: Producers; readonly log: Log };

/** Entries per statement: far below what the statement timeout allows. */
const PORTION = 5_000;

/** Beside the keys of BullMQ, in the same hash slot. */
const markerKey = (producers: Producers, queue: QueueName): string =>
  `${producers.keyPrefix(queue)}:wipe-marker`;

/**
 * Detects that Redis was wiped by a marker key per queue, which nothing else deletes. If the marker is
 * missing, every entry that has a carrier is made due again, and then the marker is written. In that order:
 * if the process dies in between, the next one still detects the wipe.
 */
export async function requeueAfterWipe({ db, producers, log }: Deps): Promise<QueueName[]> {
  const found = await Promise.all(
    QUEUE_NAMES.map((queue) => producers.redis.exists(markerKey(producers, queue))),
  );
  const wiped = QUEUE_NAMES.filter((_, index) => found[index] === 0);
  if (wiped.length === 0) return [];
  const entries = await freeAll(db, wiped);
  for (const queue of wiped) await producers.redis.set(markerKey(producers, queue), randomUUID());
  if (entries > 0) log.warn({ queues: wiped, entries }, "Redis was wiped; unfinished work is due again");
  return wiped;
}

/**
 * Makes due what carriers held when it began, a portion per statement. Entries locked by a transaction that
 * is settling them are skipped: its commit deletes them, and if it rolls back, the sweep finds their carrier
 * missing.
 */
async function freeAll(db: Database, queues: readonly QueueName[]): Promise<number> {
  const [clock] = await rows<{ now: string }>(db.drizzle, sql`select now()::text as now`);
  for (let freed = 0; ; ) {
    const portion = await rows(
      db.drizzle,
      sql`update outbox set enqueued_at = null, carrier = null, run_at = now()
          where id = any(array(select id from outbox
            where queue = any(${array(queues)}::text[]) and enqueued_at <= ${clock?.now}::timestamptz and dead_at is null
            order by enqueued_at limit ${PORTION} for update skip locked))
          returning id`,
    );
    freed += portion.length;
    if (portion.length < PORTION) return freed;
  }
}
