import { describe, expect, it, onTestFinished } from "vitest";
import { createPace } from "../../src/ports/mail-pace.ts";
import { resendMailer } from "../../src/ports/mailer-resend.ts";
import { letter, patient } from "../support/letters.ts";
import { fakeResend, type Misbehaviour } from "../support/resend.ts";

async function scene(options: { perSecond?: number; timeoutMs?: number; startAt?: number } = {}) {
  const resend = await fakeResend(options);
  onTestFinished(() => resend.close());
  const pace = createPace({ redis: null, keyPrefix: "test", perSecond: options.startAt ?? 1_000 });
  const { timeoutMs } = options;
  const mailer = resendMailer({
    apiKey: "re_test",
    url: resend.url,
    pace,
    ...(timeoutMs ? { timeoutMs } : {}),
  });
  return { resend, mailer };
}

const letters = (count: number) => Array.from({ length: count }, (_, n) => letter(`delivery/${n + 1}`));

describe("resend", () => {
  it("sends a letter under its key, with its headers, and brings back the id", async () => {
    const { resend, mailer } = await scene();
    const one = letter("delivery/7", { headers: { "List-Unsubscribe": "<https://x.test/u>" } });
    const fates = await mailer.send({ key: "delivery/7", letters: [one] }, patient());
    expect(fates).toEqual([{ kind: "accepted", providerId: resend.taken[0]!.id }]);
    expect(resend.requests).toEqual([{ path: "/emails", key: "delivery/7", status: 200 }]);
    expect(resend.taken[0]).toMatchObject({
      to: "ada@people.test",
      subject: "Something happened",
      text: "Something happened.\n",
      headers: { "List-Unsubscribe": "<https://x.test/u>" },
    });
  });

  it("sends a hundred in one request, each with an id of its own", async () => {
    const { resend, mailer } = await scene();
    const fates = await mailer.send({ key: "batch/1", letters: letters(100) }, patient());
    expect(resend.requests).toHaveLength(1);
    expect(fates.map((fate) => fate.kind === "accepted" && fate.providerId)).toEqual(
      resend.taken.map(({ id }) => id),
    );
    expect(resend.taken.map(({ contentKey }) => contentKey)).toEqual(letters(100).map(({ key }) => key));
  });

  it("names the letter of a batch that is not valid, and the others go", async () => {
    const { resend, mailer } = await scene();
    const batch = letters(3).map((one, n) => (n === 1 ? { ...one, to: "nowhere" } : one));
    const fates = await mailer.send({ key: "batch/1", letters: batch }, patient());
    expect(fates).toEqual([
      { kind: "accepted", providerId: resend.taken[0]!.id },
      { kind: "refused", reason: "422 validation_error" },
      { kind: "accepted", providerId: resend.taken[1]!.id },
    ]);
  });

  it.each(["accept-then-drop", "accept-then-hang"] as const)(
    "asked again after %s, it gives the same answer and sends nothing twice",
    async (fault) => {
      const { resend, mailer } = await scene({ timeoutMs: 300 });
      resend.misbehave = [fault];
      const batch = { key: "batch/1", letters: letters(2) };
      await expect(mailer.send(batch, patient())).rejects.toMatchObject({ name: "MailerSilent" });
      expect(resend.taken).toHaveLength(2);
      const fates = await mailer.send(batch, patient());
      expect(fates.map((fate) => fate.kind === "accepted" && fate.providerId)).toEqual(
        resend.taken.map(({ id }) => id),
      );
      expect(resend.taken).toHaveLength(2);
    },
  );

  it.each([["500"], ["drop"], ["hang"]] as [Misbehaviour][])(
    "does not know after %s, and says so",
    async (fault) => {
      const { resend, mailer } = await scene({ timeoutMs: 300 });
      resend.misbehave = [fault];
      const sending = mailer.send({ key: "delivery/1", letters: letters(1) }, patient());
      await expect(sending).rejects.toMatchObject({ name: "MailerSilent" });
      expect(resend.taken).toEqual([]);
    },
  );

  it("a key or a domain that is not accepted is no fault of the letter: it waits", async () => {
    const { resend, mailer } = await scene();
    resend.apiKey = "re_other";
    const sending = mailer.send({ key: "delivery/1", letters: letters(1) }, patient());
    await expect(sending).rejects.toMatchObject({ name: "MailerSilent", message: "answered 401" });
  });

  it("an address that is not valid is final, and its reason holds no address", async () => {
    const { mailer } = await scene();
    const fates = await mailer.send(
      { key: "delivery/1", letters: [letter("delivery/1", { to: "nowhere" })] },
      patient(),
    );
    expect(fates).toEqual([{ kind: "refused", reason: "422 validation_error" }]);
  });

  it("a key that was used for something else is looked at by a person", async () => {
    const { resend, mailer } = await scene();
    await mailer.send({ key: "delivery/1", letters: letters(1) }, patient());
    const other = [letter("delivery/1", { subject: "Something else" })];
    expect(await mailer.send({ key: "delivery/1", letters: other }, patient())).toEqual([
      { kind: "unclear", reason: "409 invalid_idempotent_request" },
    ]);
    expect(resend.taken).toHaveLength(1);
  });

  it("comes later when it is told 429, and then leaves the other side alone for as long", async () => {
    const { resend, mailer } = await scene();
    resend.misbehave = ["429"];
    const first = mailer.send({ key: "delivery/1", letters: letters(1) }, patient());
    await expect(first).rejects.toMatchObject({ name: "MailerBusy", retryAfterMs: 1_000 });
    const second = await mailer.send({ key: "delivery/2", letters: letters(1) }, patient()).catch((e) => e);
    expect(second).toMatchObject({ name: "MailerBusy", message: "the rate is used up" });
    expect(second.retryAfterMs).toBeGreaterThan(500);
    expect(resend.requests).toHaveLength(1);
  });

  it("starts at two requests a second and learns what it may do", async () => {
    const { resend, mailer } = await scene({ perSecond: 1_000, startAt: 2 });
    await mailer.send({ key: "delivery/1", letters: letters(1) }, patient());
    // The moment after the first was drawn at the careful rate.
    const second = await mailer.send({ key: "delivery/2", letters: letters(1) }, patient()).catch((e) => e);
    expect(second).toMatchObject({ name: "MailerBusy" });
    expect(second.retryAfterMs).toBeLessThanOrEqual(500);
    const later = await mailer.send({ key: "delivery/3", letters: letters(1) }, patient()).catch((e) => e);
    expect(later.retryAfterMs - second.retryAfterMs).toBeLessThan(50);
    expect(resend.requests).toHaveLength(1);
  });
});
