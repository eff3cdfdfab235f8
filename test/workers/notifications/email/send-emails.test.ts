import { PassThrough } from "node:stream";
import { describe, expect, it, onTestFinished } from "vitest";
import { createLog } from "../../../../src/log.ts";
import { resendMailer } from "../../../../src/ports/mailers/resend.ts";
import { smtpMailer } from "../../../../src/ports/mailers/smtp.ts";
import { executionOf } from "../../../../src/roles/execution.ts";
import { emailDigest } from "../../../../src/workers/notifications/email/email-digest.ts";
import { emailInstant } from "../../../../src/workers/notifications/email/email-instant.ts";
import { sendEmails } from "../../../../src/workers/notifications/email/send-emails.ts";
import {
  awarded,
  delivery,
  deliveryStates,
  emailRows,
  projectOf,
  uploaded,
} from "../../../support/emails.ts";
import { eventually } from "../../../support/eventually.ts";
import { fiveCases } from "../../../support/five-cases.ts";
import { enqueueIn } from "../../../support/jobs.ts";
import { pausableLimiter } from "../../../support/mail-limiter.ts";
import { grant, notificationSettings, prefer, user } from "../../../support/platform.ts";
import { fakeResend } from "../../../support/resend.ts";
import { fakeSmtp, smtpServerOf } from "../../../support/smtp.ts";
import { createWorld, type World } from "../../../support/world.ts";

const AT = "2026-03-02T18:00:00Z";

/** A world that sends through a fake Resend. */
async function resendWorld(environment: Record<string, string> = {}) {
  const resend = await fakeResend();
  onTestFinished(() => resend.close());
  const limiter = pausableLimiter();
  const mailer = resendMailer({ apiKey: "re_test", url: resend.url, limiter, timeoutMs: 3_000 });
  const world = await createWorld({ at: AT, ports: { mailer }, environment });
  return { world, resend, limiter };
}

/** Creates the mailing that is due. @returns the payload that sends it. */
async function createdMailing(
  world: World,
  job: typeof emailInstant = emailInstant,
): Promise<{ batchId: string }> {
  await world.perform(job, {});
  const [entry] = await world.enqueued(sendEmails);
  await world.query("delete from outbox");
  return entry!.payload as { batchId: string };
}

const ada = (world: World) => user(world, { email: "ada@people.test", name: "Ada" });

fiveCases(sendEmails, async () => {
  const world = await createWorld({ at: AT });
  await delivery(world, { userId: await ada(world) });
  const payload = await createdMailing(world);
  return {
    world,
    payload,
    rowGone: async () => ({ batchId: "999" }),
    effectIn: "unsubscribe_tokens",
    async effectIsThereOnce() {
      expect(world.mailbox.map(({ key }) => key)).toEqual(["delivery/1"]);
      expect(await emailRows(world)).toMatchObject([{ status: "sent" }]);
      expect(await deliveryStates(world)).toEqual(["sent"]);
    },
    async nothingHappened() {
      expect(world.mailbox).toEqual([]);
      expect(await deliveryStates(world)).toEqual(["pending"]);
    },
  };
});

describe("an e-mail that is sent", () => {
  it("has a sender, a recipient, a key and an unsubscribe link", async () => {
    const world = await createWorld({
      at: AT,
      environment: {
        EMAIL_FROM: "Commonwork <hello@commonwork.test>",
        EMAIL_REPLY_TO: "help@commonwork.test",
        EMAIL_UNSUBSCRIBE_ADDRESS: "leave@commonwork.test",
        PUBLIC_URL: "https://app.test",
      },
    });
    const userId = await ada(world);
    const gardens = await projectOf(world);
    await grant(world, gardens.projectId, userId);
    await delivery(world, uploaded(userId, gardens));
    await world.perform(sendEmails, await createdMailing(world));
    const [email] = world.mailbox;
    expect(email).toMatchObject({
      key: "delivery/1",
      from: "Commonwork <hello@commonwork.test>",
      to: "ada@people.test",
      replyTo: "help@commonwork.test",
      subject: "New document in Riverbank Gardens: Plan.pdf",
    });
    expect(email!.text).toContain(
      `https://app.test/projects/${gardens.projectId}/documents/${gardens.resourceId}`,
    );
    expect(email!.headers).toEqual({
      "X-Entity-Ref-ID": "delivery/1",
      "Auto-Submitted": "auto-generated",
      "List-Unsubscribe": expect.stringMatching(
        /^<https:\/\/app\.test\/unsubscribe\/([\w-]{43})>, <mailto:leave@commonwork\.test\?subject=unsubscribe%20\1>$/,
      ),
      "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    });
    expect(email!.html).toContain(/<(https[^>]+)>/.exec(email!.headers["List-Unsubscribe"]!)![1]);
  });

  it("goes to EMAIL_TEST_RECIPIENT if it is set", async () => {
    const world = await createWorld({ at: AT, environment: { EMAIL_TEST_RECIPIENT: "me@team.test" } });
    for (const email of ["ada@people.test", "bo@people.test"])
      await delivery(world, { userId: await user(world, { email }) });
    await world.perform(sendEmails, await createdMailing(world));
    expect(world.mailbox.map(({ to }) => to)).toEqual(["me@team.test", "me@team.test"]);
    expect(world.mailbox.map(({ subject }) => subject.slice(0, 22))).toEqual([
      "[for ada@people.test] ",
      "[for bo@people.test] Y",
    ]);
    // Trying a link must not unsubscribe the user.
    expect(world.mailbox[0]!.headers["List-Unsubscribe"]).toContain("/unsubscribe/");
    expect(await world.query("select 1 from unsubscribe_tokens")).toEqual([]);
  });

  it.each([
    "ada@people.test, bo@people.test",
    "Ada <ada@people.test>",
    "ada@people.test;bo@people.test",
    "ada",
  ])("goes to exactly one address, never to %s", async (email) => {
    const world = await createWorld({ at: AT });
    await delivery(world, { userId: await user(world, { email }) });
    expect(await world.perform(sendEmails, await createdMailing(world))).toMatchObject({ skipped: 1 });
    expect(world.mailbox).toEqual([]);
    expect(await deliveryStates(world)).toEqual(["none: no-address"]);
  });

  it("ignores mutes and has no unsubscribe link if it is must-send", async () => {
    const world = await createWorld({ at: AT });
    const userId = await ada(world);
    await prefer(world, userId, { status: "muted" });
    await notificationSettings(world, userId, { frequency: "none", unsubscribedAt: AT });
    const payload = { user_id: userId, connection_id: "1", provider: "google" };
    await delivery(world, { userId, eventType: "calendar.action_required", payload });
    await world.perform(sendEmails, await createdMailing(world));
    expect(world.mailbox).toHaveLength(1);
    expect(Object.keys(world.mailbox[0]!.headers)).toEqual(["Auto-Submitted", "X-Entity-Ref-ID"]);
  });
});

describe("the check before sending", () => {
  const cases: Record<string, { reason: string; change(world: World, userId: string): Promise<unknown> }> = {
    "regression 8: a mute": {
      reason: "muted",
      change: (world, userId) =>
        prefer(world, userId, { status: "muted", eventType: "budget.awarded", channel: "email" }),
    },
    unsubscribing: {
      reason: "unsubscribed",
      change: (world, userId) => notificationSettings(world, userId, { unsubscribedAt: AT }),
    },
    "unsubscribing from its type": {
      reason: "unsubscribed",
      change: (world, userId) =>
        notificationSettings(world, userId, { unsubscribedTypes: ["budget.awarded"] }),
    },
    "the frequency none": {
      reason: "frequency-none",
      change: (world, userId) => notificationSettings(world, userId, { frequency: "none" }),
    },
    "a bounce of the address in any spelling": {
      reason: "suppressed",
      change: (world) =>
        world.query(
          "insert into email_suppressions values (sha256('ada@people.test'::bytea), 'hard_bounce')",
        ),
    },
    "reading it in the app": {
      reason: "read-meanwhile",
      change: (world) => world.query("update notifications set read_at = now()"),
    },
    "a removed address": {
      reason: "no-address",
      change: (world) => world.query("update users set email = null"),
    },
  };

  it.each(Object.entries(cases))(
    "%s stops the e-mail, and the reason is recorded",
    async (_name, { reason, change }) => {
      const world = await createWorld({ at: AT });
      const userId = await user(world, { email: " Ada@People.test " });
      await delivery(world, { userId, inApp: "unread" });
      const mailing = await createdMailing(world);
      await change(world, userId);
      expect(await world.perform(sendEmails, mailing)).toMatchObject({ skipped: 1 });
      expect(world.mailbox).toEqual([]);
      expect(await deliveryStates(world)).toEqual([`none: ${reason}`]);
      expect(await emailRows(world)).toMatchObject([{ status: "none" }]);
    },
  );

  it("losing access stops the e-mail", async () => {
    const world = await createWorld({ at: AT });
    const userId = await ada(world);
    const gardens = await projectOf(world);
    await grant(world, gardens.projectId, userId);
    await delivery(world, uploaded(userId, gardens));
    const mailing = await createdMailing(world);
    await world.query("delete from project_access_grants");
    await world.perform(sendEmails, mailing);
    expect(await deliveryStates(world)).toEqual(["none: no-access"]);
  });

  it("drops a delivery of a type that is not mailed, as after an upgrade that removed its e-mail", async () => {
    const world = await createWorld({ at: AT });
    const userId = await ada(world);
    const payload = { user_id: userId, profile_id: "1", sale_id: "1", level: 1, amount: "5" };
    await delivery(world, { userId, eventType: "commission.earned", payload });
    expect(await world.perform(sendEmails, await createdMailing(world))).toMatchObject({ skipped: 1 });
    expect(world.mailbox).toEqual([]);
    expect(await deliveryStates(world)).toEqual(["none: unreadable"]);
  });

  it("dropping one e-mail of a mailing does not stop the others", async () => {
    const world = await createWorld({ at: AT });
    const [a, b] = [await ada(world), await user(world, { email: "bo@people.test" })];
    await delivery(world, { userId: a });
    await delivery(world, { userId: b });
    await prefer(world, a, { status: "muted" });
    await world.perform(sendEmails, await createdMailing(world));
    expect(world.mailbox.map(({ to }) => to)).toEqual(["bo@people.test"]);
    expect(await deliveryStates(world)).toEqual(["none: muted", "sent"]);
  });
});

describe("when sending fails", () => {
  it("regression 11: a failed request loses no e-mail, and no item of a digest", async () => {
    const { world, resend } = await resendWorld();
    const userId = await ada(world);
    await delivery(world, { userId });
    for (let n = 0; n < 3; n++) await delivery(world, { userId, cadence: "hourly" });
    await world.perform(emailInstant, {});
    await world.perform(emailDigest, {});
    resend.misbehave = ["500", "drop", "500", "hang"];
    await world.drain();
    expect(resend.taken).toEqual([]);
    expect(await deliveryStates(world)).toEqual(["pending", "pending", "pending", "pending"]);
    for (let round = 0; round < 3; round++) {
      await world.skipBackOff();
      await world.drain();
    }
    expect(resend.taken.map(({ contentKey }) => contentKey).sort()).toEqual(["delivery/1", "digest/1"]);
    expect(new Set(await deliveryStates(world))).toEqual(new Set(["sent"]));
  });

  it.each(["accept-then-drop", "accept-then-hang"] as const)(
    "regression 12: a request without an answer (%s) is retried with the same bytes, and sent once",
    async (fault) => {
      const { world, resend } = await resendWorld();
      const userId = await ada(world);
      for (let n = 0; n < 3; n++) await delivery(world, { userId });
      resend.misbehave = [fault];
      const mailing = await createdMailing(world);
      expect(await world.perform(sendEmails, mailing)).toMatchObject({ retry: 1 });
      expect(resend.taken).toHaveLength(3);
      // Changes after the first attempt do not change the stored bytes.
      await prefer(world, userId, { status: "muted" });
      await world.query("update users set name = 'Someone else', language = 'de'");
      await world.skipBackOff();
      await world.drain();
      expect(resend.taken).toHaveLength(3);
      expect(resend.requests.map(({ key, status }) => [key, status])).toEqual([
        ["batch/1", null],
        ["batch/1", 200],
      ]);
      expect(new Set(await deliveryStates(world))).toEqual(new Set(["sent"]));
    },
  );

  it("is snoozed on 429, without using an attempt", async () => {
    const { world, resend } = await resendWorld();
    await delivery(world, { userId: await ada(world) });
    resend.misbehave = ["429"];
    expect(await world.perform(sendEmails, await createdMailing(world))).toMatchObject({
      snoozed: 1,
      retry: 0,
    });
    expect((await world.enqueued(sendEmails))[0]).toMatchObject({ attempts: 0 });
  });

  it.each([
    "429",
    { status: 401, name: "invalid_api_key" },
    { status: 429, name: "daily_quota_exceeded" },
  ] as const)(
    "is decided again after it waited for the mail service (%j), and not sent to those who must not get it now",
    async (fault) => {
      const { world, resend, limiter } = await resendWorld();
      const emails = ["ada", "bo", "cy", "di", "ed"].map((name) => `${name}@people.test`);
      const people: string[] = [];
      for (const email of emails) people.push(await user(world, { email, name: "Before" }));
      const gardens = await projectOf(world);
      for (const userId of people) {
        await grant(world, gardens.projectId, userId);
        await delivery(world, { ...uploaded(userId, gardens), inApp: "unread" });
      }
      resend.misbehave = [fault];
      expect(await world.perform(sendEmails, await createdMailing(world))).toMatchObject({ snoozed: 1 });
      await world.query("delete from project_access_grants where user_id = $1", [people[0]]);
      await notificationSettings(world, people[1]!, { unsubscribedTypes: ["document_uploaded"] });
      await world.query(
        "insert into email_suppressions values (sha256('cy@people.test'::bytea), 'complaint')",
      );
      await world.query("update notifications set read_at = now() where user_id = $1", [people[3]]);
      await world.query("update users set name = 'After' where id = $1", [people[4]]);
      await world.skipBackOff();
      expect((await world.drain())[0]).toMatchObject({ snoozed: 1 });
      expect(resend.requests).toHaveLength(1);
      limiter.endPause();
      await world.skipBackOff();
      await world.drain();
      expect(await deliveryStates(world)).toEqual([
        "none: no-access",
        "none: unsubscribed",
        "none: suppressed",
        "none: read-meanwhile",
        "sent",
      ]);
      expect(resend.taken.map(({ to, text }) => [to, text.includes("Hello After,")])).toEqual([
        ["ed@people.test", true],
      ]);
      // One link each, and the one that was sent works.
      expect(await world.query("select count(*)::int as links from unsubscribe_tokens")).toEqual([
        { links: 5 },
      ]);
    },
  );

  it.each([
    ["no-access", (world: World) => world.query("delete from project_access_grants")],
    [
      "suppressed",
      (world: World) =>
        world.query("insert into email_suppressions values (sha256('ada@people.test'::bytea), 'complaint')"),
    ],
    [
      "unsubscribed",
      (world: World, userId: string) =>
        notificationSettings(world, userId, { unsubscribedTypes: ["document_uploaded"] }),
    ],
  ] as const)(
    "after an attempt that may have arrived, is not sent again to somebody who must not get it (%s), and needs review",
    async (reason, change) => {
      const { world, resend } = await resendWorld();
      const userId = await ada(world);
      const gardens = await projectOf(world);
      await grant(world, gardens.projectId, userId);
      await delivery(world, uploaded(userId, gardens));
      await delivery(world, { userId: await user(world, { email: "bo@people.test" }) });
      resend.misbehave = ["hang"];
      await world.perform(sendEmails, await createdMailing(world));
      await change(world, userId);
      await world.skipBackOff();
      await world.drain();
      expect(resend.requests).toHaveLength(1);
      expect(await deliveryStates(world)).toEqual([
        `needs_review: ${reason}`,
        "needs_review: in one mailing with an e-mail that was stopped",
      ]);
    },
  );

  it("counts a day from the first attempt that may have arrived, however long it waited before", async () => {
    const { world, resend, limiter } = await resendWorld();
    await delivery(world, { userId: await ada(world) });
    resend.misbehave = ["429", "500"];
    await world.perform(sendEmails, await createdMailing(world));
    expect(await world.query("select request from outbox")).toEqual([{ request: null }]);
    limiter.endPause();
    for (let n = 0; n < 2; n++) {
      await world.skipBackOff();
      await world.drain();
    }
    expect(resend.taken).toHaveLength(1);
  });

  it("splits a mailing that is refused as a whole until the e-mail at fault is alone", async () => {
    const { world, resend } = await resendWorld();
    const addresses = Array.from({ length: 9 }, (_, n) => `p${n}@people.test`);
    for (const email of addresses) await delivery(world, { userId: await user(world, { email }) });
    resend.oversized = ["p4@people.test"];
    await world.perform(emailInstant, {});
    await world.drain();
    expect(resend.taken.map(({ to }) => to).sort()).toEqual(addresses.toSpliced(4, 1));
    expect((await deliveryStates(world)).filter((state) => state !== "sent")).toEqual([
      "failed: 413 validation_error",
    ]);
    expect(await world.query("select 1 from email_suppressions")).toEqual([]);
  });

  it("divides a mailing that was created for a mailer that takes more at once", async () => {
    const smtp = await fakeSmtp();
    const mailer = smtpMailer({ server: smtpServerOf(smtp.url), limiter: pausableLimiter() });
    const world = await createWorld({
      at: AT,
      ports: { mailer },
      environment: { SMTP_URL: smtp.url, EMAIL_FROM: "a@b.test", PUBLIC_URL: "https://x.test" },
    });
    world.closing(() => smtp.close());
    for (let n = 0; n < 3; n++)
      await delivery(world, { userId: await user(world, { email: `p${n}@people.test` }) });
    await world.perform(emailInstant, {});
    await world.query("update emails set batch_id = (select min(id) from email_batches)");
    await world.drain();
    expect(smtp.messages).toHaveLength(3);
    expect(await deliveryStates(world)).toEqual(["sent", "sent", "sent"]);
  });

  it("treats a refusal as final and records its reason; the rest of the mailing is sent", async () => {
    const { world, resend } = await resendWorld();
    resend.refused = ["bo@people.test"];
    await delivery(world, { userId: await user(world, { email: "bo@people.test" }) });
    await delivery(world, { userId: await ada(world) });
    expect(await world.perform(sendEmails, await createdMailing(world))).toMatchObject({
      counts: { sent: 1, bounced: 1 },
    });
    expect(resend.taken).toHaveLength(1);
    expect(await deliveryStates(world)).toEqual(["bounced: 422 validation_error", "sent"]);
  });

  it("needs review after a day without an answer, and is not sent again", async () => {
    const { world, resend } = await resendWorld();
    await delivery(world, { userId: await ada(world) });
    resend.misbehave = ["accept-then-drop"];
    await world.perform(sendEmails, await createdMailing(world));
    await world.query(
      "update outbox set request = jsonb_set(request, '{request,composedAt}', to_jsonb($1::text))",
      [new Date(world.clock.now().getTime() - 24 * 3_600_000).toISOString()],
    );
    await world.skipBackOff();
    await world.drain();
    expect(resend.requests).toHaveLength(1);
    expect(await deliveryStates(world)).toEqual(["needs_review: no answer within a day"]);
    expect(await world.enqueued()).toEqual([]);
  });

  it("after a worker is killed, the next one sends the same bytes under the same key", async () => {
    const { world, resend } = await resendWorld();
    for (let n = 0; n < 2; n++) await delivery(world, { userId: await ada(world) });
    const mailing = await createdMailing(world);
    // The connection is killed before the answer is recorded.
    await world.query(`create function die() returns trigger language plpgsql as $$
      begin if new.status = 'sent' then perform pg_terminate_backend(pg_backend_pid()); end if; return new; end $$`);
    await world.query("create trigger die before update on emails for each row execute function die()");
    const dying = world.perform(sendEmails, mailing);
    await eventually(() => expect(resend.taken).toHaveLength(2));
    await world.query("drop trigger die on emails");
    await dying;
    await world.skipBackOff();
    await world.drain();
    expect(resend.taken).toHaveLength(2);
    expect(new Set(resend.requests.map(({ key }) => key))).toEqual(new Set(["batch/1"]));
    expect(await deliveryStates(world)).toEqual(["sent", "sent"]);
  });
});

it("regression 14: logs contain ids, never bodies, addresses or names", async () => {
  const { world, resend } = await resendWorld();
  const stream = new PassThrough();
  const lines: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => lines.push(chunk));
  const log = createLog({ level: "trace", format: "json", destination: stream });
  const userId = await user(world, { email: "secret@people.test", name: "Secretina" });
  await delivery(world, { userId, payload: awarded(userId, "77.77") });
  await delivery(world, { userId: await user(world, { email: "secretly@people.test" }) });
  resend.refused = ["secretly@people.test"];
  resend.misbehave = ["500"];
  const mailing = await createdMailing(world);
  const ids = await enqueueIn(world, sendEmails, mailing);
  for (let n = 0; n < 2; n++) {
    await world.run(sendEmails, ids, executionOf({ ...world, log }));
    await world.skipBackOff();
  }
  expect(resend.taken).toHaveLength(1);
  const text = Buffer.concat(lines).toString();
  expect(text).toContain('"mailing":"batch/1"');
  for (const secret of ["secret", "Secretina", "77.77", "<html", "people.test"])
    expect(text.toLowerCase()).not.toContain(secret.toLowerCase());
  const kept = JSON.stringify(
    await world.query("select reason from emails union all select error from deliveries"),
  );
  expect(kept).not.toContain("people.test");
});
