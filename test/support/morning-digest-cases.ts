import { describe, expect, it } from "vitest";
import type { SingleJob } from "../../src/queues/job.ts";
import { delivery } from "./emails.ts";
import { freezingCases } from "./freezing-cases.ts";
import { user } from "./platform.ts";
import { createWorld } from "./world.ts";

type Cadence = "daily" | "weekly";

/** Eight o'clock on the Pacific coast, on a Monday in winter. */
const EIGHT = "2026-03-02T16:00:00Z";

type Morning = {
  /** What the case says. */
  readonly says: string;
  /** When the job runs; before each run something was decided, at `decidedAt`. */
  readonly runs: readonly string[];
  readonly decidedAt: string;
  /** Which of the runs send. */
  readonly sends: readonly string[];
};

/** The cases of digests that go out in the morning, from eight o'clock on: they differ in their days alone. */
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

  freezingCases(job, async () => {
    const { world, decide } = await scene();
    await decide(before);
    return { world, removeRow: async () => void (await world.query("delete from deliveries")) };
  });

  describe(job.name, () => {
    it("takes what waits for it alone, from eight o'clock on, and what comes later waits for the next one", async () => {
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

    it(morning.says, async () => {
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
