import { describe, expect, it } from "vitest";
import { emailInstant } from "../../../../src/workers/notifications/email/email-instant.ts";
import { delivery, deliveryStates, emailRows, expectNoContentTwice } from "../../../support/emails.ts";
import { fiveCases } from "../../../support/five-cases.ts";
import { mailingScene } from "../../../support/mailing-scene.ts";
import { user, users } from "../../../support/platform.ts";
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
    const people = await users(world, 5);
    for (let n = 0; n < 230; n++) await delivery(world, { userId: people[n % 5]!, decision: "now" });
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
      environment: { SMTP_URL: "smtp://127.0.0.1:1", EMAIL_FROM: "a@b.test" },
    });
    const userId = await user(world, { email: "ada@people.test" });
    for (let n = 0; n < 3; n++) await delivery(world, { userId });
    await world.perform(emailInstant, {});
    expect(await world.query("select 1 from email_batches")).toHaveLength(3);
  });
});
