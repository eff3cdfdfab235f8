import { describe, expect, it } from "vitest";
import type { Job } from "../../src/queues/job.ts";
import { emailDaily } from "../../src/workers/notifications/email/email-daily.ts";
import { emailDigest } from "../../src/workers/notifications/email/email-digest.ts";
import { emailInstant } from "../../src/workers/notifications/email/email-instant.ts";
import { sendEmails } from "../../src/workers/notifications/email/send-emails.ts";
import { delivery, deliveryStates } from "../support/emails.ts";
import { notificationSettings, user } from "../support/platform.ts";
import { createWorld } from "../support/world.ts";

const NIGHT = { quietFrom: 22 * 60, quietTo: 7 * 60 };
const TEN = "2026-03-02T18:00:00Z";
const ELEVEN_AT_NIGHT = "2026-03-03T07:00:00Z";
const SEVEN = "2026-03-03T15:00:00Z";

/** Ada in Los Angeles, with quiet hours. */
async function scene(quiet: { quietFrom: number; quietTo: number } = NIGHT) {
  const world = await createWorld({ at: TEN });
  const ada = await user(world, { email: "ada@people.test", timeZone: "America/Los_Angeles" });
  await notificationSettings(world, ada, quiet);
  /** Creates mailings, and sends them at a later time. */
  const sendLater = async (job: Job, at: string) => {
    await world.perform(job, {});
    const mailings = await world.enqueued(sendEmails);
    expect(mailings.length).toBeGreaterThan(0);
    world.at(at);
    for (const { id } of mailings) await world.run(sendEmails, [id]);
  };
  const digestAt = async (at: string) => {
    world.at(at);
    await world.perform(emailDigest, {});
    await world.drain();
    return world.mailbox.map(({ key }) => key.split("/")[0]);
  };
  return { world, ada, sendLater, digestAt };
}

describe("issue 14: quiet hours hold when an e-mail is sent", () => {
  it("e-mail that waited for the mail service until they began joins the digest after them", async () => {
    const { world, ada, sendLater, digestAt } = await scene();
    for (let n = 0; n < 3; n++) await delivery(world, { userId: ada });
    await sendLater(emailInstant as Job, ELEVEN_AT_NIGHT);
    expect(world.mailbox).toEqual([]);
    expect(await digestAt("2026-03-03T14:45:00Z")).toEqual([]);
    expect(await digestAt(SEVEN)).toEqual(["digest"]);
    expect(await deliveryStates(world)).toEqual(["sent", "sent", "sent"]);
    expect(await world.perform(emailInstant, {})).toMatchObject({ skipped: 1 });
  });

  it("so does a digest, whole, which is not sent a second time at its own hour", async () => {
    const { world, ada, sendLater, digestAt } = await scene();
    for (let n = 0; n < 3; n++)
      await delivery(world, { userId: ada, cadence: "daily", decidedAt: "2026-03-01T00:00:00Z" });
    await sendLater(emailDaily as Job, ELEVEN_AT_NIGHT);
    expect(world.mailbox).toEqual([]);
    expect(await digestAt(SEVEN)).toEqual(["digest"]);
    world.at("2026-03-03T16:00:00Z");
    expect(await world.perform(emailDaily, {})).toMatchObject({ skipped: 1 });
    expect(await deliveryStates(world)).toEqual(["sent", "sent", "sent"]);
  });

  it("by the zone that the user has by then, and by the hours", async () => {
    const { world, ada, digestAt } = await scene();
    await delivery(world, { userId: ada, decision: "deferred", notBefore: SEVEN });
    await delivery(world, { userId: await user(world, { email: "bo@people.test" }) });
    await world.query("update users set time_zone = 'Asia/Tokyo' where id = $1", [ada]);
    world.at(SEVEN);
    await world.perform(emailInstant, {});
    await world.drain();
    expect(world.mailbox.map(({ to }) => to)).toEqual(["bo@people.test"]);
    expect(await digestAt("2026-03-03T21:45:00Z")).toEqual(["delivery"]);
    // 7:00 in Tokyo.
    expect(await digestAt("2026-03-03T22:00:00Z")).toEqual(["delivery", "digest"]);
  });

  it("a must-send e-mail is sent in them", async () => {
    const { world, ada, sendLater } = await scene();
    const payload = { user_id: ada, connection_id: "1", provider: "google" };
    await delivery(world, { userId: ada, eventType: "calendar.action_required", payload });
    await sendLater(emailInstant as Job, ELEVEN_AT_NIGHT);
    expect(world.mailbox).toHaveLength(1);
  });

  it("a digest is sent in the window that opens with their end, even if they have begun again", async () => {
    // They end at 23:59 for a minute.
    const { world, ada, digestAt } = await scene({ quietFrom: 0, quietTo: 1_439 });
    await delivery(world, { userId: ada, cadence: "hourly", decidedAt: TEN });
    expect(await digestAt("2026-03-03T08:00:00Z")).toEqual(["digest"]);
  });
});
