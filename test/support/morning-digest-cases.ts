import { describe, expect, it } from "vitest";
import type { SingleJob } from "../../src/queues/job.ts";
import { delivery } from "./emails.ts";
import { fiveCases } from "./five-cases.ts";
import { mailingScene } from "./mailing-scene.ts";
import { user } from "./platform.ts";
import { createWorld } from "./world.ts";

type Cadence = "daily" | "weekly";

/** 8:00 in Los Angeles, on a Monday in winter. */
const EIGHT = "2026-03-02T16:00:00Z";

type Morning = {
  /** The name of the test. */
  readonly name: string;
  /** When the job runs. Before each run, a delivery is inserted that was decided at `decidedAt`. */
  readonly runs: readonly string[];
  readonly decidedAt: string;
  /** The runs that send a digest. */
  readonly sends: readonly string[];
};

/** The cases of the digests that are sent from 8:00 on. They differ only in their days. */
export function morningDigestCases(
  job: SingleJob<Record<string, never>>,
  cadence: Cadence,
  morning: Morning,
): void {
  const scene = async () => {
    const world = await createWorld({ at: EIGHT });
    const userId = await user(world, { email: "ada@people.test" });
    const decide = (decidedAt: string, of: Cadence | "hourly" = cadence) =>
      delivery(world, { userId, cadence: of, decidedAt });
    return { world, decide };
  };
  const before = "2026-03-02T00:00:00Z";

  fiveCases(job, async () => {
    const { world, decide } = await scene();
    await decide(before);
    return mailingScene(world);
  });

  describe(job.name, () => {
    it("takes only deliveries of its cadence, from 8:00 on; later ones wait for the next digest", async () => {
      const { world, decide } = await scene();
      await decide(before);
      await decide(before, "hourly");
      world.at("2026-03-02T15:45:00Z");
      expect(await world.perform(job, {})).toMatchObject({ skipped: 1 });
      world.at(EIGHT);
      expect(await world.perform(job, {})).toMatchObject({ counts: { digests: 1, items: 1 } });
      world.at("2026-03-02T20:00:00Z");
      await decide("2026-03-02T17:00:00Z");
      expect(await world.perform(job, {})).toMatchObject({ skipped: 1 });
    });

    it(morning.name, async () => {
      const { world, decide } = await scene();
      const sent: string[] = [];
      for (const at of morning.runs) {
        await decide(morning.decidedAt);
        world.at(at);
        if ((await world.perform(job, {})).done === 1) sent.push(at);
        await world.drain();
      }
      expect(sent).toEqual(morning.sends);
      expect(world.mailbox).toHaveLength(sent.length);
    });
  });
}
