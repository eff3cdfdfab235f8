import { describe, expect, it, onTestFinished } from "vitest";
import { createMailLimiter } from "../../../src/ports/mailers/mail-limiter.ts";
import { resendMailer } from "../../../src/ports/mailers/resend.ts";
import { createRateLimiter } from "../../../src/ports/rate-limiter.ts";
import { fakeResend, type Misbehaviour } from "../../support/resend.ts";
import { neverAborts, sampleEmail } from "../../support/sample-email.ts";

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
    const results = await mailer.send({ key: "delivery/7", emails: [one] }, neverAborts());
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
    const results = await mailer.send({ key: "batch/1", emails: emails(100) }, neverAborts());
    expect(resend.requests).toHaveLength(1);
    expect(results.map((result) => result.kind === "accepted" && result.providerId)).toEqual(
      resend.taken.map(({ id }) => id),
    );
    expect(resend.taken.map(({ contentKey }) => contentKey)).toEqual(emails(100).map(({ key }) => key));
  });

  it("refuses the invalid e-mail of a mailing and sends the others", async () => {
    const { resend, mailer } = await scene();
    const mailing = emails(3).map((one, n) => (n === 1 ? { ...one, to: "nowhere" } : one));
    const results = await mailer.send({ key: "batch/1", emails: mailing }, neverAborts());
    expect(results).toEqual([
      { kind: "accepted", providerId: resend.taken[0]!.id },
      { kind: "refused", reason: "422 validation_error" },
      { kind: "accepted", providerId: resend.taken[1]!.id },
    ]);
  });

  it.each(["accept-then-drop", "accept-then-hang"] as const)(
    "retried after %s, it returns the same results and sends nothing twice",
    async (fault) => {
      const { resend, mailer } = await scene({ timeoutMs: 300 });
      resend.misbehave = [fault];
      const mailing = { key: "batch/1", emails: emails(2) };
      await expect(mailer.send(mailing, neverAborts())).rejects.toMatchObject({ name: "MailerUnavailable" });
      expect(resend.taken).toHaveLength(2);
      const results = await mailer.send(mailing, neverAborts());
      expect(results.map((result) => result.kind === "accepted" && result.providerId)).toEqual(
        resend.taken.map(({ id }) => id),
      );
      expect(resend.taken).toHaveLength(2);
    },
  );

  it.each([["500"], ["drop"], ["hang"]] as [Misbehaviour][])("is unavailable after %s", async (fault) => {
    const { resend, mailer } = await scene({ timeoutMs: 300 });
    resend.misbehave = [fault];
    const sending = mailer.send({ key: "delivery/1", emails: emails(1) }, neverAborts());
    await expect(sending).rejects.toMatchObject({ name: "MailerUnavailable" });
    expect(resend.taken).toEqual([]);
  });

  it("keeps e-mails for a retry when the API key or the domain is not accepted", async () => {
    const { resend, mailer } = await scene();
    resend.apiKey = "re_other";
    const sending = mailer.send({ key: "delivery/1", emails: emails(1) }, neverAborts());
    await expect(sending).rejects.toMatchObject({ name: "MailerUnavailable", message: "answered 401" });
  });

  it("refuses an invalid address, with a reason that does not contain it", async () => {
    const { mailer } = await scene();
    const results = await mailer.send(
      { key: "delivery/1", emails: [sampleEmail("delivery/1", { to: "nowhere" })] },
      neverAborts(),
    );
    expect(results).toEqual([{ kind: "refused", reason: "422 validation_error" }]);
  });

  it("is unclear when the key was used for other content", async () => {
    const { resend, mailer } = await scene();
    await mailer.send({ key: "delivery/1", emails: emails(1) }, neverAborts());
    const other = [sampleEmail("delivery/1", { subject: "Something else" })];
    expect(await mailer.send({ key: "delivery/1", emails: other }, neverAborts())).toEqual([
      { kind: "unclear", reason: "409 invalid_idempotent_request" },
    ]);
    expect(resend.taken).toHaveLength(1);
  });

  it("is busy after 429, and sends nothing until Retry-After has passed", async () => {
    const { resend, mailer } = await scene();
    resend.misbehave = ["429"];
    const first = mailer.send({ key: "delivery/1", emails: emails(1) }, neverAborts());
    await expect(first).rejects.toMatchObject({ name: "MailerBusy", retryAfterMs: 1_000 });
    const second = await mailer.send({ key: "delivery/2", emails: emails(1) }, neverAborts()).catch((e) => e);
    expect(second).toMatchObject({ name: "MailerBusy", message: "the rate limit is used up" });
    expect(second.retryAfterMs).toBeGreaterThan(500);
    expect(resend.requests).toHaveLength(1);
  });

  it("starts at two requests a second and adopts the announced rate", async () => {
    const { resend, mailer } = await scene({ perSecond: 1_000, startAt: 2 });
    await mailer.send({ key: "delivery/1", emails: emails(1) }, neverAborts());
    // The slot after the first was computed with the initial rate.
    const second = await mailer.send({ key: "delivery/2", emails: emails(1) }, neverAborts()).catch((e) => e);
    expect(second).toMatchObject({ name: "MailerBusy" });
    expect(second.retryAfterMs).toBeLessThanOrEqual(500);
    const later = await mailer.send({ key: "delivery/3", emails: emails(1) }, neverAborts()).catch((e) => e);
    expect(later.retryAfterMs - second.retryAfterMs).toBeLessThan(50);
    expect(resend.requests).toHaveLength(1);
  });
});
