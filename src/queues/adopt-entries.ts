import { sql } from "drizzle-orm";
import { QUEUE_NAMES } from "../config/queues.ts";
import type { Database } from "../db/client.ts";
import { array, type Queryable, rows } from "../db/statement.ts";
import type { Log } from "../log.ts";
import type { Catalogue } from "./catalogue.ts";
import { queuesWithoutProcess } from "./live-queues.ts";
import type { Producers } from "./redis.ts";

type Deps = {
  readonly db: Database;
  readonly producers: Producers;
  readonly catalogue: Catalogue;
  readonly log: Log;
};

/** Entries are moved once they have been due for this time. */
const DUE_FOR_MS = 60_000;
/** Carriers in a queue that no running process serves are given up after this time. */
const CARRIED_FOR_MS = 3_600_000;
const PORTION = 5_000;

/**
 * Moves entries out of queues that no running process serves: into the queue of their job, or, if the job is
 * unknown too, into `maintenance`, where the relay holds them. A queue that another running version serves is
 * left to that version, however large its backlog is.
 *
 * @returns how many were moved.
 */
export async function adoptEntries({ db, producers, catalogue, log }: Deps): Promise<number> {
  // Redis knows which queues other processes serve.
  if (!producers.ready()) return 0;
  const found = [...(await foreignQueues(db.drizzle)), ...(await queuesOfOldCarriers(db))];
  const foreign = await queuesWithoutProcess(producers, [...new Set(found)]);
  if (foreign.length === 0) return 0;
  await freeOldCarriers(db, foreign);
  const { names } = catalogue;
  const queues = names.map((name) => catalogue.find(name)?.job.queue);
  const moved = await rows(
    db.drizzle,
    sql`update outbox o set queue = coalesce(known.queue, 'maintenance')
        from (select id, job from outbox
              where queue = any(${array(foreign)}::text[]) and enqueued_at is null and dead_at is null
                and run_at < now() - ${DUE_FOR_MS} * interval '1 millisecond'
              order by run_at limit ${PORTION} for update skip locked) as waiting
        left join unnest(${array(names)}::text[], ${array(queues)}::text[]) as known(name, queue)
          on known.name = waiting.job
        where o.id = waiting.id returning o.id`,
  );
  if (moved.length > 0)
    log.warn(
      { queues: foreign, entries: moved.length },
      "entries moved from queues this version does not have",
    );
  return moved.length;
}

/**
 * Names of other queues with waiting entries, at most one between each two of our own. The parts of the index
 * that hold our own entries are skipped: entries that were taken may have left a million dead rows there.
 */
export async function foreignQueues(on: Queryable): Promise<string[]> {
  const found = await rows<{ queue: string }>(
    on,
    sql`with ours(queue) as (select unnest(${array(QUEUE_NAMES)}::text[])),
        gaps(low, high) as (
          select null, min(queue) from ours
          union all
          select queue, lead(queue) over (order by queue) from ours)
        select found.queue from gaps cross join lateral (
          select o.queue from outbox o
          where o.enqueued_at is null and o.dead_at is null
            and o.queue > coalesce(gaps.low, '') and o.queue < gaps.high
          order by o.queue limit 1) found
        where gaps.high is not null
        union all
        select found.queue from gaps cross join lateral (
          select o.queue from outbox o
          where o.enqueued_at is null and o.dead_at is null and o.queue > gaps.low
          order by o.queue limit 1) found
        where gaps.high is null`,
  );
  return found.map((row) => row.queue);
}

async function queuesOfOldCarriers(db: Database): Promise<string[]> {
  const found = await rows<{ queue: string }>(
    db.drizzle,
    sql`select distinct queue from outbox
        where enqueued_at < now() - ${CARRIED_FOR_MS} * interval '1 millisecond'
          and queue <> all(${array(QUEUE_NAMES)}::text[]) and dead_at is null`,
  );
  return found.map((row) => row.queue);
}

async function freeOldCarriers(db: Database, queues: readonly string[]): Promise<void> {
  await db.drizzle.execute(
    sql`update outbox set enqueued_at = null, carrier = null
        where enqueued_at < now() - ${CARRIED_FOR_MS} * interval '1 millisecond'
          and queue = any(${array(queues)}::text[]) and dead_at is null`,
  );
}
