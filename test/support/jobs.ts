import { sql } from "drizzle-orm";
import { z } from "zod";
import { inTransaction, type Tx } from "../../src/db/transaction.ts";
import { enqueueMany, enqueueRun } from "../../src/queues/enqueue.ts";
import { defineJob, type Job, type JobContext } from "../../src/queues/job.ts";
import { done, type Outcome } from "../../src/queues/outcome.ts";
import { loadRun, openRun, type Run } from "../../src/queues/runs.ts";
import type { Tally } from "../../src/queues/tally.ts";
import type { World } from "./world.ts";

/** Records what a job of a test did, in a table without triggers. */
export async function note(tx: Tx, what: string): Promise<void> {
  await tx.execute(
    sql`insert into audit_log (actor, action, subject) values ('test', 'test.noted', ${what})`,
  );
}

/** What jobs have recorded, in order. */
export async function noted(world: World): Promise<string[]> {
  const found = await world.query<{ what: string }>(
    "select subject as what from audit_log where action = 'test.noted' order by id",
  );
  return found.map((row) => row.what);
}

export type Item = { item: string; value?: string | undefined };

export const itemPayload = z.object({ item: z.string(), value: z.string().optional() });

type Behaviour = (item: Item, context: JobContext) => Promise<Outcome | undefined>;

type Fields = { name?: string; queue?: Job["queue"]; attempts?: number; timeLimitMs?: number };

/** A single job that records its item after running `behaviour`. */
export const singleJob = (behaviour: Behaviour = async () => undefined, fields: Fields = {}) =>
  defineJob({
    name: "note-item",
    queue: "maintenance",
    description: "Notes an item.",
    payload: itemPayload,
    key: ({ item }) => item,
    ...fields,
    run: async (payload, context) => {
      await note(context.tx, payload.value ?? payload.item);
      return (await behaviour(payload, context)) ?? done({ noted: 1 });
    },
  });

/** A batch job that does the same for each item. */
export const batchJob = (
  behaviour: Behaviour = async () => undefined,
  fields: Fields & { size?: number } = {},
) => {
  const { size = 50, ...rest } = fields;
  return defineJob({
    name: "note-items",
    queue: "maintenance",
    description: "Notes items.",
    payload: itemPayload,
    key: ({ item }) => item,
    ...rest,
    batch: { size },
    runBatch: async (payloads, context) => {
      const outcomes: Outcome[] = [];
      for (const payload of payloads) {
        await note(context.tx, payload.value ?? payload.item);
        outcomes.push((await behaviour(payload, context)) ?? done({ noted: 1 }));
      }
      return outcomes;
    },
  });
};

/** Enqueues payloads in one transaction. */
export const enqueueIn = <P>(world: World, job: Job<P>, ...payloads: P[]): Promise<string[]> =>
  inTransaction(world.db, (tx) => enqueueMany(tx, job, payloads));

/** Enqueues a manual run. */
export const enqueueRunIn = (world: World, job: Job, input: unknown): Promise<string> =>
  inTransaction(world.db, async (tx) => {
    const id = await openRun(tx, job, "manual", input);
    await enqueueRun(tx, job, input, { id, slot: null });
    return id;
  });

/** Starts a manual run, and runs it and all that it enqueues. @returns the run. */
export async function performRun(world: World, job: Job, input: unknown): Promise<Run> {
  const id = await enqueueRunIn(world, job, input);
  await world.drain();
  const run = await loadRun(world.db.drizzle, id);
  if (!run) throw new Error(`run ${id} of ${job.name} is gone`);
  return run;
}

/** Runs the waiting entry of a part of a run, such as its sum. */
export async function runOne(world: World, name: string): Promise<void> {
  const [entry] = (await world.enqueued()).filter(({ job }) => job === name);
  if (!entry) throw new Error(`no entry of ${name} is waiting`);
  await world.run({ name }, [entry.id]);
}

export const items = (count: number): Item[] =>
  Array.from({ length: count }, (_, index) => ({ item: `item-${String(index).padStart(4, "0")}` }));

/**
 * Cuts a ranged job, runs every range and the sum, one after the other.
 * @returns the tally of the last sum.
 */
export async function performRanged<P>(world: World, job: Job<P>, payload: P): Promise<Tally> {
  await world.perform(job, payload);
  let last: Tally | undefined;
  for (;;) {
    const [entry] = (await world.enqueued()).filter(({ job: name }) => name.startsWith(`${job.name}/`));
    if (!entry) break;
    last = await world.run({ name: entry.job }, [entry.id]);
  }
  if (!last) throw new Error(`${job.name} enqueued neither a range nor a sum`);
  return last;
}
