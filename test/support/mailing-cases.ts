import { describe, expect, it } from "vitest";
import type { Job } from "../../src/queues/job.ts";
import { dieAtNextCommit } from "./five-cases.ts";
import { ask } from "./jobs.ts";
import type { World } from "./world.ts";

/** A world in which one e-mail is due. */
export type MailingScene = {
  readonly world: World;
  /** Deletes the delivery of the e-mail. */
  removeRow(): Promise<void>;
};

/** The five cases for jobs that create mailings: each e-mail is created once and sent once. */
export function mailingCases(job: Job<Record<string, never>>, openScene: () => Promise<MailingScene>): void {
  const created = (world: World) => world.query("select id from emails");
  const sentOnce = async (world: World) => {
    expect(await created(world)).toHaveLength(1);
    await world.drain();
    expect(world.mailbox).toHaveLength(1);
    expect(await world.enqueued()).toEqual([]);
  };

  describe(`${job.name}, the five cases`, () => {
    it("does it", async () => {
      const { world } = await openScene();
      expect(await world.perform(job, {})).toMatchObject({ done: 1, counts: { mailings: 1 } });
      await sentOnce(world);
    });

    it("twice is once", async () => {
      const { world } = await openScene();
      await world.perform(job, {});
      expect(await world.perform(job, {})).toMatchObject({ done: 0, skipped: 1 });
      await sentOnce(world);
      expect(await world.perform(job, {})).toMatchObject({ done: 0, skipped: 1 });
      await world.drain();
      expect(world.mailbox).toHaveLength(1);
    });

    it("does nothing when its row is gone", async () => {
      const { world, removeRow } = await openScene();
      await removeRow();
      expect(await world.perform(job, {})).toMatchObject({ skipped: 1 });
      expect(await created(world)).toEqual([]);
    });

    it("two at once do it once", async () => {
      const { world } = await openScene();
      // A scheduled run and a job enqueued on demand are separate entries, which may run at the same time.
      const entries = await Promise.all([1, 2, 3].map(() => ask(world, job, {})));
      const ids = [...new Set(entries.flat())];
      await world.query(
        "insert into outbox (queue, job, key, payload) select queue, job, 'other', payload from outbox where id = $1",
        [ids[0]],
      );
      const all = (await world.enqueued(job)).map(({ id }) => id);
      expect(all).toHaveLength(2);
      await Promise.all(all.map((id) => world.run(job, [id])));
      await sentOnce(world);
    });

    it("killed before its commit, is done once by the next attempt", async () => {
      const { world } = await openScene();
      const deaths = await dieAtNextCommit(world, "emails");
      expect(await world.perform(job, {})).toMatchObject({ done: 1, retry: 0 });
      expect(await deaths()).toBe(1);
      await sentOnce(world);
    });
  });
}
