import { describe, expect, it } from "vitest";
import { emailDigest } from "../../../../src/workers/notifications/email/email-digest.ts";
import { emailInstant } from "../../../../src/workers/notifications/email/email-instant.ts";
import { sendEmails } from "../../../../src/workers/notifications/email/send-emails.ts";
import { delivery, deliveryStates, emailRows, expectNoContentTwice } from "../../../support/emails.ts";
import { fiveCases } from "../../../support/five-cases.ts";
import { mailingScene } from "../../../support/mailing-scene.ts";
import { notificationSettings, user, users } from "../../../support/platform.ts";
import { createWorld } from "../../../support/world.ts";

const AT = "2026-03-02T18:00:00Z";

fiveCases(emailInstant, async () => {
  const world = await createWorld({ at: AT });
  await delivery(world, { userId: await user(world, { email: "ada@people.test" }) });
  return mailingScene(world);
});

describe("email-instant", () => {
  it("sends one e-mail per delivery, in mailings of a hundred", async () => {
    const world = await createWorld({ at: AT });
    const people = await users(world, 46);
    for (let n = 0; n < 230; n++) await delivery(world, { userId: people[n % 46]!, decision: "now" });
    expect(await world.perform(emailInstant, {})).toMatchObject({ counts: { emails: 230, mailings: 3 } });
    await world.drain();
    expect(world.mailbox).toHaveLength(230);
    expectNoContentTwice(world.mailbox);
    expect(new Set(await deliveryStates(world))).toEqual(new Set(["sent"]));
  });

  it("waits until a deferred delivery is due, and leaves digested ones alone", async () => {
    const world = await createWorld({ at: AT });
    const userId = await user(world, { email: "ada@people.test" });
    await delivery(world, { userId, decision: "deferred", notBefore: "2026-03-02T19:00:00Z" });
    await delivery(world, { userId, cadence: "hourly" });
    expect(await world.perform(emailInstant, {})).toMatchObject({ skipped: 1 });
    world.at("2026-03-02T19:00:00Z");
    expect(await world.perform(emailInstant, {})).toMatchObject({ counts: { emails: 1 } });
    await world.drain();
    expect(await deliveryStates(world)).toEqual(["sent", "pending"]);
  });

  it("sends deliveries deferred by quiet hours as one digest if there are several, and a single one as it is", async () => {
    // 7:00 in Los Angeles, where the quiet hours end.
    const end = "2026-03-02T15:00:00Z";
    const world = await createWorld({ at: end });
    const [ada, bo] = [
      await user(world, { email: "ada@people.test" }),
      await user(world, { email: "bo@people.test" }),
    ];
    const defer = (userId: string) =>
      delivery(world, { userId, decision: "deferred", reason: "quiet-hours", notBefore: end });
    for (const userId of [ada, bo])
      await notificationSettings(world, userId, { quietFrom: 22 * 60, quietTo: 7 * 60 });
    for (let n = 0; n < 90; n++) await defer(ada);
    await defer(bo);
    expect(await world.perform(emailInstant, {})).toMatchObject({ counts: { emails: 1, joined_digest: 90 } });
    await world.drain();
    expect(world.mailbox.map(({ to, key }) => `${to} ${key.split("/")[0]}`).sort()).toEqual([
      "ada@people.test digest",
      "bo@people.test delivery",
    ]);
    expect(new Set(await deliveryStates(world))).toEqual(new Set(["sent"]));
    expect(await world.perform(emailInstant, {})).toMatchObject({ skipped: 1 });
  });

  it("keeps the limit of an hour when e-mails waited for the mail service, in several mailings at once", async () => {
    const world = await createWorld({ at: AT });
    const [ada, bo] = [
      await user(world, { email: "ada@people.test" }),
      await user(world, { email: "bo@people.test" }),
    ];
    for (let hour = 10; hour < 18; hour++) {
      for (let n = 0; n < 4; n++)
        await delivery(world, { userId: ada, decidedAt: `2026-03-02T${hour}:30:00Z` });
      await world.perform(emailInstant, {});
    }
    await delivery(world, { userId: bo });
    const payload = { user_id: ada, connection_id: "1", provider: "google" };
    await delivery(world, {
      userId: ada,
      eventType: "calendar.action_required",
      reason: "must-send",
      payload,
    });
    await world.perform(emailInstant, {});
    const mailings = (await world.enqueued(sendEmails)).map(({ id }) => id);
    expect(mailings).toHaveLength(9);
    await Promise.all(mailings.map((id) => world.run(sendEmails, [id])));
    const sentTo = (to: string) => world.mailbox.filter((email) => email.to === to);
    expect(sentTo("ada@people.test")).toHaveLength(10 + 1);
    expect(sentTo("bo@people.test")).toHaveLength(1);
    expect(await world.perform(emailDigest, {})).toMatchObject({ counts: { digests: 1, items: 22 } });
    await world.drain();
    expect(sentTo("ada@people.test")).toHaveLength(10 + 1 + 1);
    expect(new Set(await deliveryStates(world))).toEqual(new Set(["sent"]));
  });

  it("regression 6: a delivery that is reset to pending is not sent a second time", async () => {
    const world = await createWorld({ at: AT });
    await delivery(world, { userId: await user(world, { email: "ada@people.test" }) });
    await world.perform(emailInstant, {});
    await world.drain();
    await world.query("update deliveries set status = 'pending', sent_at = null");
    expect(await world.perform(emailInstant, {})).toMatchObject({ skipped: 1 });
    await world.drain();
    expect(world.mailbox).toHaveLength(1);
    expect(await emailRows(world)).toMatchObject([{ status: "sent" }]);
  });

  it("takes several runs for a long list", async () => {
    const world = await createWorld({ at: AT });
    const [userId] = await users(world, 1);
    await delivery(world, { userId: userId! });
    await world.query(
      `insert into deliveries (event_id, event_type, user_id, channel, decision, status)
       select 1000000 + n, 'budget.awarded', $1, 'email', 'now', 'pending' from generate_series(1, 2100) n`,
      [userId],
    );
    expect(await world.perform(emailInstant, {})).toMatchObject({ counts: { emails: 2_000 } });
    expect(await world.enqueued(emailInstant)).toHaveLength(1);
    await world.drain();
    expect(await world.query("select 1 from emails")).toHaveLength(2_101);
    // The other deliveries have no events.
    expect(world.mailbox).toHaveLength(1);
  });

  it("lists in a dry run who would get an e-mail, and creates none", async () => {
    const world = await createWorld({ at: AT });
    const people = await users(world, 2);
    for (const userId of people) await delivery(world, { userId });
    const { remarks } = await world.dryRun(emailInstant, {});
    expect(remarks.map(({ about }) => about)).toEqual(people.map((userId) => `user ${userId}`));
    expect(remarks[0]!.decision).toMatch(/^e-mail in mailing \d+$/);
    expect(await emailRows(world)).toEqual([]);
  });

  it("sends each e-mail alone over SMTP, which has no idempotency keys", async () => {
    const world = await createWorld({
      at: AT,
      environment: { SMTP_URL: "smtp://127.0.0.1:1", EMAIL_FROM: "a@b.test", PUBLIC_URL: "https://x.test" },
    });
    const userId = await user(world, { email: "ada@people.test" });
    for (let n = 0; n < 3; n++) await delivery(world, { userId });
    await world.perform(emailInstant, {});
    expect(await world.query("select 1 from email_batches")).toHaveLength(3);
  });
});
