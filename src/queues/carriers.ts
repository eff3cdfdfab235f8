import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import type { QueueName } from "../config/queues.ts";
import type { Database } from "../db/client.ts";
import { array } from "../db/statement.ts";
import { type Catalogue, isRange } from "./catalogue.ts";
import type { Job } from "./job.ts";
import { PRIORITY, RETENTION } from "./queues.ts";
import type { Producers } from "./redis.ts";

/** What decides whether an entry may be settled together with others. */
export type Shareable = {
  /** The row of job_runs that it belongs to. */
  readonly run: string | null;
  /** The slot of a scheduled entry, which may outlive the row of its run. */
  readonly slot: string | null;
  /** Attempts that failed, and starts whose worker was lost. */
  readonly attempts: number;
};

/** An entry that was just enqueued and belongs to no run. */
export const FRESH: Shareable = { run: null, slot: null, attempts: 0 };

/**
 * Entries of a batch job share a carrier and a transaction. An entry of a run is settled alone, since its
 * slot and its outcome are its own, and so is one that failed before, since it would make the others fail
 * again.
 */
export const mayShare = (job: Pick<Job, "form">, { run, slot, attempts }: Shareable): boolean =>
  job.form === "batch" && run === null && slot === null && attempts === 0;

/** How many entries like this one a carrier of the job holds at most. */
export const carrierCapacity = (job: Job, entry: Shareable): number =>
  job.form === "batch" && mayShare(job, entry) ? job.batch.size : 1;

/** An entry that is due, as the relay reads it. */
export type DueEntry = Shareable & { id: string; queue: QueueName; job: string };

/** The ids of entries that one attempt runs: a BullMQ job, or a manual run. */
export type Carrier = Shareable & {
  readonly id: string;
  readonly job: string;
  readonly entries: readonly string[];
  /** When it was added to Redis, as milliseconds since the epoch. */
  readonly addedAtMs?: number;
};

/** A carrier to be added to Redis. */
export type NewCarrier = Carrier & { readonly queue: QueueName; readonly entries: string[] };

/** Groups due entries into carriers, each as full as its job allows. */
export function groupEntries(entries: readonly DueEntry[], catalogue: Catalogue): NewCarrier[] {
  const carriers: NewCarrier[] = [];
  const open = new Map<string, NewCarrier>();
  for (const { id, queue, job: name, run, slot, attempts } of entries) {
    const job = catalogue.find(name)?.job;
    const capacity = job ? carrierCapacity(job, { run, slot, attempts }) : 1;
    const carrier = capacity > 1 ? open.get(name) : undefined;
    if (carrier && carrier.entries.length < capacity) {
      carrier.entries.push(id);
      continue;
    }
    const started = { id: randomUUID(), queue, job: name, run, slot, attempts, entries: [id] };
    carriers.push(started);
    if (capacity > 1) open.set(name, started);
  }
  return carriers;
}

/** Adds carriers to Redis, one command per queue. */
export async function addCarriers(producers: Producers, carriers: readonly NewCarrier[]): Promise<void> {
  for (const [queue, group] of byQueue(carriers)) {
    await producers.queue(queue).addBulk(
      group.map(({ id, job, run, slot, attempts, entries }) => ({
        name: job,
        data: {
          entries,
          ...(run === null ? {} : { run }),
          ...(slot === null ? {} : { slot }),
          ...(attempts > 0 ? { attempts } : {}),
        },
        opts: {
          jobId: id,
          attempts: 1,
          priority: isRange(job) ? PRIORITY.range : PRIORITY.work,
          ...RETENTION,
        },
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

/**
 * Makes the entries of carriers due again as of now, so that the scans of all relays find them. @returns how
 * many.
 */
export async function freeCarriers(db: Database, carriers: readonly string[]): Promise<number> {
  if (carriers.length === 0) return 0;
  const freed = await db.drizzle.execute(
    sql`update outbox set enqueued_at = null, carrier = null, run_at = now() where carrier = any(${array(carriers)}::text[]) and dead_at is null`,
  );
  return freed.rowCount ?? 0;
}
