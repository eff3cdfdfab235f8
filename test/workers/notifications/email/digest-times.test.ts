import { describe, expect, it } from "vitest";
import { inTransaction } from "../../../../src/db/transaction.ts";
import { readUserPreferences, writeUserPreferences } from "../../../../src/notifications/user-preferences.ts";
import { emailDaily } from "../../../../src/workers/notifications/email/email-daily.ts";
import { emailWeekly } from "../../../../src/workers/notifications/email/email-weekly.ts";
import { delivery } from "../../../support/emails.ts";
import { user } from "../../../support/platform.ts";
import { createWorld } from "../../../support/world.ts";

/** A user in Berlin for whom something is decided before each run. 2 March 2026 is a Monday. */
async function scene(cadence: "daily" | "weekly") {
  const world = await createWorld({ at: "2026-03-02T00:00:00Z" });
  const userId = await user(world, { email: "ada@people.test", timeZone: "Europe/Berlin" });
  const job = cadence === "daily" ? emailDaily : emailWeekly;
  /** Sets the times of digests, as the API does. */
  const set = async (at: string, digestHour: number, digestDay = 1) => {
    const preferences = await readUserPreferences(world.db.drizzle, userId);
    await inTransaction(world.db, (tx) =>
      writeUserPreferences(tx, userId, { ...preferences, digestHour, digestDay }, new Date(at)),
    );
  };
  /** Runs the job at these times. @returns those at which a digest was sent. */
  const sentAt = async (...runs: string[]) => {
    const sent: string[] = [];
    for (const at of runs) {
      await delivery(world, { userId, cadence, decidedAt: "2026-02-28T00:00:00Z" });
      world.at(at);
      if ((await world.perform(job, {})).done === 1) sent.push(at);
      await world.drain();
    }
    return sent;
  };
  return { world, set, sentAt };
}

describe("the hour of daily digests", () => {
  it("is that of the user, in their zone", async () => {
    const { set, sentAt } = await scene("daily");
    await set("2026-03-01T12:00:00Z", 17);
    expect(
      await sentAt(
        "2026-03-02T07:00:00Z",
        "2026-03-02T15:45:00Z",
        "2026-03-02T16:00:00Z",
        "2026-03-02T16:15:00Z",
        "2026-03-03T16:00:00Z",
      ),
    ).toEqual(["2026-03-02T16:00:00Z", "2026-03-03T16:00:00Z"]);
  });

  it("moved to later on a day that had its digest, does not send a second one that day", async () => {
    const { set, sentAt } = await scene("daily");
    expect(await sentAt("2026-03-02T07:00:00Z")).toHaveLength(1);
    await set("2026-03-02T11:00:00Z", 17);
    expect(await sentAt("2026-03-02T16:00:00Z", "2026-03-03T07:00:00Z", "2026-03-03T16:00:00Z")).toEqual([
      "2026-03-03T16:00:00Z",
    ]);
  });

  it("moved in the evening to an hour that has passed, leaves out no day: the digest is sent at once", async () => {
    const { set, sentAt } = await scene("daily");
    await set("2026-03-01T12:00:00Z", 22);
    expect(await sentAt("2026-03-02T19:00:00Z")).toEqual([]);
    await set("2026-03-02T19:05:00Z", 8);
    expect(
      await sentAt(
        "2026-03-02T19:15:00Z",
        "2026-03-02T21:00:00Z",
        "2026-03-03T06:45:00Z",
        "2026-03-03T07:00:00Z",
      ),
    ).toEqual(["2026-03-02T19:15:00Z", "2026-03-03T07:00:00Z"]);
  });

  it("written again unchanged, is no change: late digests wait until morning", async () => {
    const { set, sentAt } = await scene("daily");
    await set("2026-03-01T12:00:00Z", 9);
    await set("2026-03-02T19:05:00Z", 9);
    expect(await sentAt("2026-03-02T19:15:00Z")).toEqual([]);
  });

  it("is 3:00 where the clock skips 2:00", async () => {
    const { set, sentAt } = await scene("daily");
    await set("2026-03-01T12:00:00Z", 2);
    expect(await sentAt("2026-03-28T01:00:00Z", "2026-03-29T00:45:00Z", "2026-03-29T01:00:00Z")).toEqual([
      "2026-03-28T01:00:00Z",
      "2026-03-29T01:00:00Z",
    ]);
  });
});

describe("the day of weekly digests", () => {
  it("is that of the user; moved to later in a week that had its digest, it waits for the next week", async () => {
    const { set, sentAt } = await scene("weekly");
    expect(await sentAt("2026-03-02T07:00:00Z")).toHaveLength(1);
    await set("2026-03-03T12:00:00Z", 18, 5);
    expect(
      await sentAt(
        "2026-03-06T17:00:00Z",
        "2026-03-09T07:00:00Z",
        "2026-03-13T16:45:00Z",
        "2026-03-13T17:00:00Z",
      ),
    ).toEqual(["2026-03-13T17:00:00Z"]);
  });

  it("moved to earlier in a week without a digest, sends it on the next day", async () => {
    const { set, sentAt } = await scene("weekly");
    await set("2026-03-01T12:00:00Z", 8, 7);
    expect(await sentAt("2026-03-02T07:00:00Z")).toEqual(["2026-03-02T07:00:00Z"]);
    await set("2026-03-10T19:00:00Z", 8, 2);
    expect(await sentAt("2026-03-11T06:45:00Z", "2026-03-11T07:00:00Z", "2026-03-15T07:00:00Z")).toEqual([
      "2026-03-11T07:00:00Z",
    ]);
  });
});
