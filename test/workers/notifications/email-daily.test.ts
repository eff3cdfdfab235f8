import { describe, expect, it } from "vitest";
import { emailDaily } from "../../../src/workers/notifications/email-daily.ts";
import { delivery } from "../../support/emails.ts";
import { freezingCases } from "../../support/freezing-cases.ts";
import { user } from "../../support/platform.ts";
import { createWorld } from "../../support/world.ts";

/** Eight o'clock on the Pacific coast, on a Monday in winter. */
const EIGHT = "2026-03-02T16:00:00Z";
const BEFORE = "2026-03-02T00:00:00Z";

async function scene() {
  const world = await createWorld({ at: EIGHT });
  const userId = await user(world, { email: "ada@people.test" });
  return { world, userId };
}

freezingCases(emailDaily, async () => {
  const { world, userId } = await scene();
  await delivery(world, { userId, cadence: "daily", decidedAt: BEFORE });
  return { world, removeRow: async () => void (await world.query("delete from deliveries")) };
});

describe("email-daily", () => {
  it("takes what waits for it alone, from eight o'clock on", async () => {
    const { world, userId } = await scene();
    await delivery(world, { userId, cadence: "daily", decidedAt: BEFORE });
    await delivery(world, { userId, cadence: "hourly", decidedAt: BEFORE });
    world.at("2026-03-02T15:45:00Z");
    expect(await world.perform(emailDaily, {})).toMatchObject({ skipped: 1 });
    world.at(EIGHT);
    expect(await world.perform(emailDaily, {})).toMatchObject({ counts: { digests: 1, items: 1 } });
    world.at("2026-03-02T20:00:00Z");
    await delivery(world, { userId, cadence: "daily", decidedAt: "2026-03-02T17:00:00Z" });
    expect(await world.perform(emailDaily, {})).toMatchObject({ skipped: 1 });
  });

  it("sends one a day, and after an outage still on the same day, but not in the evening", async () => {
    const { world, userId } = await scene();
    const sent: string[] = [];
    for (const at of [
      "2026-03-03T04:00:00Z",
      "2026-03-03T16:00:00Z",
      "2026-03-04T02:45:00Z",
      "2026-03-04T22:00:00Z",
    ]) {
      await delivery(world, { userId, cadence: "daily", decidedAt: BEFORE });
      world.at(at);
      if ((await world.perform(emailDaily, {})).done === 1) sent.push(at);
    }
    expect(sent).toEqual(["2026-03-03T16:00:00Z", "2026-03-04T22:00:00Z"]);
  });
});
