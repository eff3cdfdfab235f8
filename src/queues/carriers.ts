import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import type { QueueName } from "../config/queues.ts";
import type { Database } from "../db/client.ts";
import { array } from "../db/statement.ts";
import type { Catalogue } from "./job.ts";
import { PRIORITY, RETENTION } from "./queues.ts";
import type { Producers } from "./redis.ts";

export type DueEntry = {
  id: string;
  queue: QueueName;
  job: string;
  alone: boolean;
  /** The row of job_runs that it belongs to. */
  run: string | null;
};

/** A BullMQ job that holds the ids of entries for one try. */
export type NewCarrier = {
  readonly id: string;
  readonly queue: QueueName;
  readonly job: string;
  readonly run: string | null;
  readonly alone: boolean;
  readonly entries: string[];
};

/** Entries of a batch job travel together up to its size; an entry that failed before, or has a run of its own, travels alone. */
export function groupEntries(entries: readonly DueEntry[], catalogue: Catalogue): NewCarrier[] {
  const carriers: NewCarrier[] = [];
  const open = new Map<string, NewCarrier>();
  for (const entry of entries) {
    const job = catalogue.find(entry.job)?.job;
    const size = job?.form === "batch" && !entry.alone ? job.batch.size : 1;
    const carrier = size > 1 ? open.get(entry.job) : undefined;
    if (carrier && carrier.entries.length < size) {
      carrier.entries.push(entry.id);
      continue;
    }
    const started = {
      id: randomUUID(),
      queue: entry.queue,
      job: entry.job,
      run: entry.run,
      alone: entry.alone,
      entries: [entry.id],
    };
    carriers.push(started);
    if (size > 1) open.set(entry.job, started);
  }
  return carriers;
}

/** Puts carriers into Redis, a command a queue. */
export async function addCarriers(producers: Producers, carriers: readonly NewCarrier[]): Promise<void> {
  for (const [queue, group] of byQueue(carriers)) {
    await producers.queue(queue).addBulk(
      group.map(({ id, job, run, alone, entries }) => ({
        name: job,
        data: { entries, ...(run === null ? {} : { run }), ...(alone ? { alone } : {}) },
        opts: { jobId: id, attempts: 1, priority: PRIORITY.work, ...RETENTION },
      })),
    );
  }
}

function byQueue(carriers: readonly NewCarrier[]): Map<QueueName, NewCarrier[]> {
  const groups = new Map<QueueName, NewCarrier[]>();
  for (const carrier of carriers) {
    const group = groups.get(carrier.queue);
    if (group) group.push(carrier);
    else groups.set(carrier.queue, [carrier]);
  }
  return groups;
}

/** Makes the entries of carriers due again. @returns how many. */
export async function freeCarriers(db: Database, carriers: readonly string[]): Promise<number> {
  if (carriers.length === 0) return 0;
  const freed = await db.drizzle.execute(
    sql`update outbox set enqueued_at = null, carrier = null where carrier = any(${array(carriers)}::text[]) and dead_at is null`,
  );
  return freed.rowCount ?? 0;
}
