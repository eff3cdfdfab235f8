import { describe, expect, it, onTestFinished } from "vitest";
import { createMailLimiter } from "../../../src/ports/mailers/mail-limiter.ts";
import { resendMailer } from "../../../src/ports/mailers/resend.ts";
import { createRateLimiter } from "../../../src/ports/requests/rate-limiter.ts";
import { fakeResend, type Misbehaviour } from "../../support/resend.ts";
import { patiently, sampleEmail } from "../../support/sample-email.ts";

async function scene(options: { perSecond?: number; timeoutMs?: number; startAt?: number } = {}) {
  const resend = await fakeResend(options);
  onTestFinished(() => resend.close());
  const rates = createRateLimiter({ redis: null, keyPrefix: "test", perSecond: options.startAt ?? 1_000 });
  const { timeoutMs } = options;
  const mailer = resendMailer({
    apiKey: "re_test",
    url: resend.url,
    limiter: createMailLimiter(rates, "resend"),
    ...(timeoutMs ? { timeoutMs } : {}),
  });
  return { resend, mailer };
}

const emails = (count: number) => Array.from({ length: count }, (_, n) => sampleEmail(`delivery/${n + 1}`));

describe("resend", () => {
  it("sends an e-mail under its key with its headers, and returns the id", async () => {
    const { resend, mailer } = await scene();
    const one = sampleEmail("delivery/7", { headers: { "List-Unsubscribe": "<https://x.test/u>" } });
    const results = await mailer.send({ key: "delivery/7", emails: [one] }, patiently());
    expect(results).toEqual([{ kind: "accepted", providerId: resend.taken[0]!.id }]);
    expect(resend.requests).toEqual([{ path: "/emails", key: "delivery/7", status: 200 }]);
    expect(resend.taken[0]).toMatchObject({
      to: "ada@people.test",
      subject: "Something happened",
      text: "Something happened.\n",
      headers: { "List-Unsubscribe": "<https://x.test/u>" },
    });
  });

  it("sends a hundred e-mails in one request, each with its own id", async () => {
    const { resend, mailer } = await scene();
    const results = await mailer.send({ key: "batch/1", emails: emails(100) }, patiently());
    expect(resend.requests).toHaveLength(1);
    expect(results.map((result) => result.kind === "accepted" && result.providerId)).toEqual(
      resend.taken.map(({ id }) => id),
    );
    expect(resend.taken.map(({ contentKey }) => contentKey)).toEqual(emails(100).map(({ key }) => key));
  });

  it("refuses the invalid e-mail of a mailing and sends the others", async () => {
    const { resend, mailer } = await scene();
    const mailing = emails(3).map((one, n) => (n === 1 ? { ...one, to: "nowhere" } : one));
    const results = await mailer.send({ key: "batch/1", emails: mailing }, patiently());
    expect(results).toEqual([
      { kind: "accepted", providerId: resend.taken[0]!.id },
      { kind: "refused", reason: "422 validation_error", bounce: "hard" },
      { kind: "accepted", providerId: resend.taken[1]!.id },
    ]);
  });

  it.each(["accept-then-drop", "accept-then-hang"] as const)(
    "retried after %s, it returns the same results and sends nothing twice",
    async (fault) => {
      const { resend, mailer } = await scene({ timeoutMs: 300 });
      resend.misbehave = [fault];
      const mailing = { key: "batch/1", emails: emails(2) };
      await expect(mailer.send(mailing, patiently())).rejects.toMatchObject({ name: "MailerUnavailable" });
      expect(resend.taken).toHaveLength(2);
      const results = await mailer.send(mailing, patiently());
      expect(results.map((result) => result.kind === "accepted" && result.providerId)).toEqual(
        resend.taken.map(({ id }) => id),
      );
      expect(resend.taken).toHaveLength(2);
    },
  );

  it.each([["500"], ["drop"], ["hang"]] as [Misbehaviour][])("is unavailable after %s", async (fault) => {
    const { resend, mailer } = await scene({ timeoutMs: 300 });
    resend.misbehave = [fault];
    const sending = mailer.send({ key: "delivery/1", emails: emails(1) }, patiently());
    await expect(sending).rejects.toMatchObject({ name: "MailerUnavailable" });
    expect(resend.taken).toEqual([]);
  });

  it.each([
    [401, "invalid_api_key", "", 60_000],
    [403, "validation_error", "The commonwork.test domain is not verified.", 60_000],
    [422, "invalid_from_address", "", 60_000],
    [422, "validation_error", "Invalid `from` field.", 60_000],
    [404, "not_found", "", 60_000],
    [451, "security_error", "", 60_000],
    [429, "daily_quota_exceeded", "", 3_600_000],
  ])("holds all e-mail after %s %s %s", async (status, name, message, waitMs) => {
    for (const count of [1, 2]) {
      const { resend, mailer } = await scene();
      resend.misbehave = [{ status, name, message }];
      const sending = mailer.send({ key: "batch/1", emails: emails(count) }, patiently());
      await expect(sending).rejects.toMatchObject({ name: "ChannelFault", retryAfterMs: waitMs });
      const next = mailer.admit("batch/2", patiently().signal);
      await expect(next).rejects.toMatchObject({ name: "MailerBusy" });
    }
  });

  it.each([
    [413, "validation_error", ""],
    [422, "missing_required_field", ""],
    [400, "validation_error", "Invalid `subject` field."],
  ])("refuses one e-mail for good after %s %s, and a mailing as a whole", async (status, name, message) => {
    const { resend, mailer } = await scene();
    resend.misbehave = [
      { status, name, message },
      { status, name, message },
    ];
    expect(await mailer.send({ key: "delivery/1", emails: emails(1) }, patiently())).toEqual([
      { kind: "refused", reason: `${status} ${name}`, bounce: null },
    ]);
    const sending = mailer.send({ key: "batch/1", emails: emails(2) }, patiently());
    await expect(sending).rejects.toMatchObject({ name: "MailingRefused", message: `${status} ${name}` });
    await expect(mailer.admit("batch/2", patiently().signal)).resolves.toBeUndefined();
  });

  it("refuses an invalid address, with a reason that does not contain it", async () => {
    const { mailer } = await scene();
    const results = await mailer.send(
      { key: "delivery/1", emails: [sampleEmail("delivery/1", { to: "nowhere" })] },
      patiently(),
    );
    expect(results).toEqual([{ kind: "refused", reason: "422 validation_error", bounce: "hard" }]);
  });

  it("is unclear when the key was used for other content", async () => {
    const { resend, mailer } = await scene();
    await mailer.send({ key: "delivery/1", emails: emails(1) }, patiently());
    const other = [sampleEmail("delivery/1", { subject: "Something else" })];
    expect(await mailer.send({ key: "delivery/1", emails: other }, patiently())).toEqual([
      { kind: "unclear", reason: "409 invalid_idempotent_request" },
    ]);
    expect(resend.taken).toHaveLength(1);
  });

  it("is busy after 429, and sends nothing until Retry-After has passed", async () => {
    const { resend, mailer } = await scene();
    resend.misbehave = ["429"];
    const first = mailer.send({ key: "delivery/1", emails: emails(1) }, patiently());
    await expect(first).rejects.toMatchObject({ name: "MailerBusy", retryAfterMs: 1_000 });
    const second = await mailer.admit("delivery/2", patiently().signal).catch((e) => e);
    expect(second).toMatchObject({ name: "MailerBusy", message: "the rate limit is used up" });
    expect(second.retryAfterMs).toBeGreaterThan(500);
    expect(resend.requests).toHaveLength(1);
  });

  it("starts at two requests a second and adopts the announced rate", async () => {
    const { resend, mailer } = await scene({ perSecond: 1_000, startAt: 2 });
    await mailer.admit("delivery/1", patiently().signal);
    await mailer.send({ key: "delivery/1", emails: emails(1) }, patiently());
    // The slot after the first was computed with the initial rate.
    const second = await mailer.admit("delivery/2", patiently().signal).catch((e) => e);
    expect(second).toMatchObject({ name: "MailerBusy" });
    expect(second.retryAfterMs).toBeLessThanOrEqual(500);
    const later = await mailer.admit("delivery/3", patiently().signal).catch((e) => e);
    expect(later.retryAfterMs - second.retryAfterMs).toBeLessThan(50);
    expect(resend.requests).toHaveLength(1);
  });
});
