import { describe, expect, it } from "vitest";
import type { Job } from "../../src/queues/job.ts";
import type { Tally } from "../../src/queues/tally.ts";
import { dieAtNextCommit, type Scene } from "./five-cases.ts";
import { askForRun } from "./jobs.ts";
import type { World } from "./world.ts";

/** True for the names under which the parts of a ranged job are enqueued. */
const isPartOf = (job: { name: string }, name: string): boolean =>
  name === job.name || name.startsWith(`${job.name}/`);

/** Cuts, runs every range and sums. @returns the tally of the sum. */
export async function performRanged<P>(world: World, job: Job<P>, payload: P): Promise<Tally> {
  await world.perform(job, payload);
  let last: Tally | undefined;
  for (;;) {
    const [entry] = (await world.enqueued()).filter(
      ({ job: name }) => name !== job.name && isPartOf(job, name),
    );
    if (!entry) break;
    last = await world.run({ name: entry.job }, [entry.id]);
  }
  if (!last) throw new Error(`${job.name} was cut into nothing, not even a sum.`);
  return last;
}

type RangedScene<P> = Omit<Scene<P>, "rowGone"> & {
  /** Removes what the job would tell of. */
  removeRow(): Promise<unknown>;
};

/** The five cases of a job that is cut into ranges and sends: does it; twice is once; row gone; two at once; killed half-way. */
export function rangedCases<P>(job: Job<P>, openScene: () => Promise<RangedScene<P>>): void {
  describe(`${job.name}, the five cases`, () => {
    it("does it", async () => {
      const scene = await openScene();
      await scene.nothingHappened();
      expect(await performRanged(scene.world, job, scene.payload)).toMatchObject({ done: 1 });
      await scene.effectIsThereOnce();
      expect(await scene.world.enqueued(job)).toEqual([]);
    });

    it("twice is once", async () => {
      const scene = await openScene();
      await performRanged(scene.world, job, scene.payload);
      await performRanged(scene.world, job, scene.payload);
      await scene.effectIsThereOnce();
    });

    it("does nothing when its row is gone", async () => {
      const scene = await openScene();
      await scene.removeRow();
      expect(await performRanged(scene.world, job, scene.payload)).toMatchObject({ retry: 0, dead: 0 });
      await scene.nothingHappened();
    });

    it("two runs at once, each carried twice, do it once", async () => {
      const scene = await openScene();
      const { world, payload } = scene;
      await Promise.all([askForRun(world, job, payload), askForRun(world, job, payload)]);
      for (;;) {
        const entries = (await world.enqueued()).filter((entry) => isPartOf(job, entry.job));
        if (entries.length === 0) break;
        await Promise.all([...entries, ...entries].map(({ id, job: name }) => world.run({ name }, [id])));
      }
      await scene.effectIsThereOnce();
    });

    it("killed half-way, with everything written and nothing committed, is done once by the next try", async () => {
      const scene = await openScene();
      const deaths = await dieAtNextCommit(scene.world, "domain_events");
      expect(await performRanged(scene.world, job, scene.payload)).toMatchObject({ done: 1, retry: 0 });
      expect(await deaths()).toBe(1);
      await scene.effectIsThereOnce();
    });
  });
}
