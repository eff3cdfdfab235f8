import { describe, expect, it } from "vitest";
import type { Job } from "../../src/queues/job.ts";
import { ask } from "./jobs.ts";
import type { World } from "./world.ts";

/** A world in which a job that pays has something to do. */
export type Scene<P> = {
  readonly world: World;
  readonly payload: P;
  /** A payload whose row does not exist. */
  readonly rowGone: P;
  /** Fails unless the effect is there exactly once. */
  effectIsThereOnce(): Promise<void>;
  /** The table in which its effect is written last; default: the movements in the books. */
  readonly effectIn?: string;
  /** Fails unless nothing has happened. */
  nothingHappened(): Promise<void>;
};

/** The five cases of every job that pays or sends: does it; twice is once; row gone; two at once; killed half-way. */
export function fiveCases<P>(job: Job<P>, openScene: () => Promise<Scene<P>>): void {
  describe(`${job.name}, the five cases`, () => {
    it("does it", async () => {
      const scene = await openScene();
      await scene.nothingHappened();
      expect(await scene.world.perform(job, scene.payload)).toMatchObject({ done: 1 });
      await scene.effectIsThereOnce();
      expect(await scene.world.enqueued(job)).toEqual([]);
    });

    it("twice is once", async () => {
      const scene = await openScene();
      await scene.world.perform(job, scene.payload);
      expect(await scene.world.perform(job, scene.payload)).toMatchObject({ done: 0, skipped: 1 });
      await scene.effectIsThereOnce();
    });

    it("does nothing when its row is gone", async () => {
      const scene = await openScene();
      expect(await scene.world.perform(job, scene.rowGone)).toMatchObject({ skipped: 1 });
      await scene.nothingHappened();
    });

    it("two at once do it once", async () => {
      const scene = await openScene();
      const [id] = await ask(scene.world, job, scene.payload);
      const tallies = await Promise.all([1, 2, 3, 4].map(() => scene.world.run(job, [id!])));
      expect(tallies.reduce((sum, tally) => sum + tally.done, 0)).toBe(1);
      expect(tallies.reduce((sum, tally) => sum + tally.duplicate, 0)).toBe(3);
      await scene.effectIsThereOnce();
    });

    it("killed half-way, with everything written and nothing committed, is done once by the next try", async () => {
      const scene = await openScene();
      const deaths = await dieAtNextCommit(scene.world, scene.effectIn);
      expect(await scene.world.perform(job, scene.payload)).toMatchObject({ done: 1, retry: 0 });
      expect(await deaths()).toBe(1);
      await scene.effectIsThereOnce();
    });
  });
}

/** The backend that next commits a row of a table (default: a movement in the books) is terminated in that commit. @returns how many have died so. */
export async function dieAtNextCommit(
  world: World,
  table = "ledger_transactions",
): Promise<() => Promise<number>> {
  await world.query("create sequence if not exists commits");
  await world.query("select setval('commits', 1, false)");
  await world.query(`create or replace function die_once() returns trigger language plpgsql as $$
    begin
      if nextval('commits') = 1 then perform pg_terminate_backend(pg_backend_pid()); end if;
      return null;
    end $$`);
  await world.query(`drop trigger if exists die_once on ${table}`);
  await world.query(
    `create constraint trigger die_once after insert on ${table} deferrable initially deferred for each row execute function die_once()`,
  );
  return async () => {
    const [row] = await world.query<{ died: boolean }>("select is_called as died from commits");
    return row!.died ? 1 : 0;
  };
}
