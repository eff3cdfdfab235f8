import { describe, expect, it } from "vitest";
import { rangeName } from "../../src/queues/catalogue.ts";
import type { Job } from "../../src/queues/job.ts";
import { listRuns } from "../../src/queues/runs.ts";
import { enqueueRunIn } from "./jobs.ts";
import { dieAtNextCommit } from "./kills.ts";
import type { World } from "./world.ts";

/** A world in which a ranged job has more to do than one range. */
export type RangedScene<P> = {
  readonly world: World;
  readonly payload: P;
  /** The number of ranges. */
  readonly ranges: number;
  /** The table that each range inserts rows into. */
  readonly effectIn: string;
  /** Fails unless the effects of all ranges are there exactly once. */
  effectsAreThereOnce(): Promise<void>;
  /** Fails unless nothing has happened. */
  nothingHappened(): Promise<void>;
};

/** The cases of a ranged job beside the five: its ranges in any order, one of them killed, a dry run. */
export function rangedCases<P>(job: Job<P>, openScene: () => Promise<RangedScene<P>>): void {
  describe(`${job.name}, its ranges`, () => {
    it("run in any order", async () => {
      const scene = await openScene();
      for (const range of (await cut(scene, job)).reverse())
        expect(await scene.world.run({ name: rangeName(job) }, [range])).toMatchObject({ done: 1 });
      await finish(scene, job);
    });

    it("are repeated alone when one is killed before its commit", async () => {
      const scene = await openScene();
      const ranges = await cut(scene, job);
      const deaths = await dieAtNextCommit(scene.world, scene.effectIn);
      for (const range of ranges) await scene.world.run({ name: rangeName(job) }, [range]);
      expect(await deaths()).toBe(1);
      await scene.world.skipBackOff();
      await finish(scene, job);
    });

    it("change nothing in a dry run, which counts what the run counts", async () => {
      const scene = await openScene();
      const { counts, ranges, fault } = await scene.world.dryRun(job, scene.payload);
      expect({ ranges, fault }).toEqual({ ranges: scene.ranges, fault: null });
      await scene.nothingHappened();
      await cut(scene, job);
      expect(await finish(scene, job)).toEqual(counts);
    });
  });
}

/** Starts a run. @returns the ids of its ranges. */
async function cut<P>({ world, payload, ranges }: RangedScene<P>, job: Job<P>): Promise<string[]> {
  await enqueueRunIn(world, job as Job, payload);
  const [run] = await world.enqueued(job);
  expect(await world.run(job, [run!.id])).toMatchObject({ done: 1 });
  const found = (await world.enqueued({ name: rangeName(job) })).map(({ id }) => id);
  expect(found).toHaveLength(ranges);
  return found;
}

/** Runs what is left. @returns the counts of the run. */
async function finish<P>({ world, effectsAreThereOnce }: RangedScene<P>, job: Job<P>) {
  await world.drain();
  const [run] = await listRuns(world.db.drizzle, { job: job.name }, 1);
  expect(run?.status).toBe("done");
  await effectsAreThereOnce();
  return run!.counts;
}
