import { describe, expect, it } from "vitest";
import { emailWeekly } from "../../../src/workers/notifications/email-weekly.ts";
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

freezingCases(emailWeekly, async () => {
  const { world, userId } = await scene();
  await delivery(world, { userId, cadence: "weekly", decidedAt: BEFORE });
  return { world, removeRow: async () => void (await world.query("delete from deliveries")) };
});

describe("email-weekly", () => {
  it("takes what waits for it alone, from eight o'clock on", async () => {
    const { world, userId } = await scene();
    await delivery(world, { userId, cadence: "weekly", decidedAt: BEFORE });
    await delivery(world, { userId, cadence: "hourly", decidedAt: BEFORE });
    world.at("2026-03-02T15:45:00Z");
    expect(await world.perform(emailWeekly, {})).toMatchObject({ skipped: 1 });
    world.at(EIGHT);
    expect(await world.perform(emailWeekly, {})).toMatchObject({ counts: { digests: 1, items: 1 } });
    world.at("2026-03-02T20:00:00Z");
    await delivery(world, { userId, cadence: "weekly", decidedAt: "2026-03-02T17:00:00Z" });
    expect(await world.perform(emailWeekly, {})).toMatchObject({ skipped: 1 });
  });

  it("sends one a week, on Monday, or on the first day after it on which it runs", async () => {
    const { world, userId } = await scene();
    const sent: string[] = [];
    for (const at of [
      "2026-03-01T20:00:00Z",
      "2026-03-02T16:00:00Z",
      "2026-03-05T16:00:00Z",
      "2026-03-11T17:00:00Z",
    ]) {
      await delivery(world, { userId, cadence: "weekly", decidedAt: "2026-02-20T00:00:00Z" });
      world.at(at);
      if ((await world.perform(emailWeekly, {})).done === 1) sent.push(at);
      await world.drain();
    }
    // Sunday, of the week whose digest had not gone out yet; Monday; not Thursday; Wednesday of the week after.
    expect(sent).toEqual(["2026-03-01T20:00:00Z", "2026-03-02T16:00:00Z", "2026-03-11T17:00:00Z"]);
    expect(world.mailbox).toHaveLength(3);
  });
});
