import { describe, expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { rangeName } from "../../src/queues/catalogue.ts";
import { enqueue } from "../../src/queues/enqueue.ts";
import type { Job } from "../../src/queues/job.ts";
import { eventually } from "./eventually.ts";
import { enqueueIn, performRanged } from "./jobs.ts";
import { dieAtNextCommit, killWorkerMidJob } from "./kills.ts";
import type { World } from "./world.ts";

/** A world in which a job has something to do. */
export type Scene<P> = {
  readonly world: World;
  readonly payload: P;
  /** Removes the row that the job works on, or names one that does not exist. @returns the payload for it. */
  rowGone(): Promise<P>;
  /** Fails unless the effect is there exactly once. */
  effectIsThereOnce(): Promise<void>;
  /** Fails unless nothing has happened. */
  nothingHappened(): Promise<void>;
  /** The table that the effect is written to last. Default: the ledger's. */
  readonly effectIn?: string;
};

/**
 * The five cases of every job that pays or sends: does it; twice is once; row gone; two at once; killed
 * half-way.
 */
export function fiveCases<P>(
  job: Job<P>,
  openScene: () => Promise<Scene<P>>,
  { kill = "backend" }: { kill?: "backend" | "worker" } = {},
): void {
  const isRanged = job.form === "ranged";
  const perform = (world: World, payload: P) =>
    isRanged ? performRanged(world, job, payload) : world.perform(job, payload);

  describe(`${job.name}, the five cases`, () => {
    it("does it", async () => {
      const { world, payload, ...scene } = await openScene();
      await scene.nothingHappened();
      expect(await perform(world, payload)).toMatchObject({ done: 1 });
      await scene.effectIsThereOnce();
      expect(await world.enqueued(job)).toEqual([]);
    });

    it("twice is once", async () => {
      const { world, payload, ...scene } = await openScene();
      await perform(world, payload);
      for (let again = 0; again < 2; again++) {
        const tally = await perform(world, payload);
        if (!isRanged) expect(tally).toMatchObject({ done: 0, skipped: 1 });
        await scene.effectIsThereOnce();
      }
    });

    it("does nothing when its row is gone", async () => {
      const { world, ...scene } = await openScene();
      const tally = await perform(world, await scene.rowGone());
      expect(tally).toMatchObject({ retry: 0, dead: 0, ...(isRanged ? {} : { skipped: 1 }) });
      await scene.nothingHappened();
    });

    it("two at once do it once", async () => {
      const { world, payload, ...scene } = await openScene();
      await runTwiceAtOnce(world, job, await enqueueTwo(world, job, payload));
      if (isRanged) {
        const ranges = await world.enqueued({ name: rangeName(job) });
        await runTwiceAtOnce(
          world,
          { name: rangeName(job) },
          ranges.map(({ id }) => id),
        );
      }
      await world.drain();
      await scene.effectIsThereOnce();
    });

    if (kill === "backend") {
      it("killed before its commit, it is done once by the next attempt", async () => {
        const { world, payload, effectIn, ...scene } = await openScene();
        const deaths = await dieAtNextCommit(world, effectIn);
        expect(await perform(world, payload)).toMatchObject({ done: 1, retry: 0 });
        expect(await deaths()).toBe(1);
        await scene.effectIsThereOnce();
      });
    } else {
      it("its worker killed in the middle of it, it leaves nothing behind and is done once by another worker", async () => {
        const { world, payload, effectIn, ...scene } = await openScene();
        await enqueueIn(world, job, payload);
        await killWorkerMidJob(world, effectIn);
        await scene.nothingHappened();
        await world.startWorkers({ queues: [job.queue] });
        await eventually(async () => expect(await world.enqueued(job)).toEqual([]));
        await scene.effectIsThereOnce();
      });
    }
  });
}

/** Two entries of their own, as a scheduled run and a manual one have. */
const enqueueTwo = <P>(world: World, job: Job<P>, payload: P): Promise<string[]> =>
  inTransaction(world.db, async (tx) => [
    await enqueue(tx, job, payload, { separate: true }),
    await enqueue(tx, job, payload, { separate: true }),
  ]);

/** Two carriers for each entry, all at once: at most one of them settles it. */
async function runTwiceAtOnce(world: World, job: { name: string }, ids: readonly string[]): Promise<void> {
  const tallies = await Promise.all([...ids, ...ids].map((id) => world.run(job, [id])));
  const sum = (...ends: ("duplicate" | "interrupted" | "snoozed" | "retry" | "dead")[]) =>
    tallies.reduce((total, tally) => total + ends.reduce((n, end) => n + tally[end], 0), 0);
  expect(sum("retry", "dead")).toBe(0);
  expect(sum("duplicate", "interrupted", "snoozed")).toBeGreaterThanOrEqual(ids.length);
}
