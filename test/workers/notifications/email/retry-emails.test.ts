import { describe, expect, it } from "vitest";
import type { LetterFate, Mailer } from "../../../../src/ports/mailer.ts";
import { emailDigest } from "../../../../src/workers/notifications/email/email-digest.ts";
import { emailInstant } from "../../../../src/workers/notifications/email/email-instant.ts";
import { retryEmails } from "../../../../src/workers/notifications/email/retry-emails.ts";
import { delivery, deliveryStates, emailRows } from "../../../support/emails.ts";
import { dieAtNextCommit } from "../../../support/five-cases.ts";
import { ask } from "../../../support/jobs.ts";
import { user } from "../../../support/platform.ts";
import { createWorld, type World } from "../../../support/world.ts";

const AT = "2026-03-02T18:00:00Z";

/** A world in which a letter and a digest have ended badly. */
async function troubled(fate: Exclude<LetterFate, { kind: "accepted" }>) {
  const keys: string[] = [];
  const state = { fate: fate as LetterFate };
  const mailer: Mailer = {
    name: "resend",
    async send({ letters }) {
      keys.push(...letters.map(({ key }) => key));
      return letters.map(() => state.fate);
    },
  };
  const world = await createWorld({ at: AT, ports: { mailer } });
  const userId = await user(world, { email: "ada@people.test" });
  await delivery(world, { userId });
  for (let n = 0; n < 2; n++) await delivery(world, { userId, cadence: "hourly" });
  await world.perform(emailInstant, {});
  await world.perform(emailDigest, {});
  await world.drain();
  return { world, keys, mend: () => Object.assign(state, { fate: { kind: "accepted", providerId: null } }) };
}

const states = async (world: World) => new Set(await deliveryStates(world));

describe("retry-emails", () => {
  it.each([
    ["failed", { kind: "refused", reason: "422 validation_error" }],
    ["needs_review", { kind: "unclear", reason: "SMTP ECONNECTION" }],
  ] as const)(
    "sends what is %s again, under new keys, and digests with all that they told",
    async (status, fate) => {
      const { world, keys, mend } = await troubled(fate);
      expect(await states(world)).toEqual(new Set([`${status}: ${fate.reason}`]));
      expect((await emailRows(world)).map((row) => row.status)).toEqual([status, status]);
      mend();
      expect(await world.perform(retryEmails, { status, limit: 100 })).toMatchObject({
        counts: { emails: 2 },
      });
      await world.drain();
      expect(keys.sort()).toEqual(["delivery/1", "delivery/1/2", "digest/1", "digest/1/2"]);
      expect(await states(world)).toEqual(new Set(["sent"]));
    },
  );

  it("does nothing when there is none, of that status or since then", async () => {
    const { world } = await troubled({ kind: "refused", reason: "x" });
    expect(await world.perform(retryEmails, { status: "needs_review", limit: 100 })).toMatchObject({
      skipped: 1,
    });
    const since = new Date(Date.now() + 60_000).toISOString();
    expect(await world.perform(retryEmails, { status: "failed", limit: 100, since })).toMatchObject({
      skipped: 1,
    });
  });

  it("twice, two at once and killed half-way are once", async () => {
    const { world, keys, mend } = await troubled({ kind: "refused", reason: "x" });
    mend();
    const deaths = await dieAtNextCommit(world, "email_batches");
    const [id] = await ask(world, retryEmails, { status: "failed", limit: 100 });
    const tallies = await Promise.all([1, 2, 3].map(() => world.run(retryEmails, [id!])));
    expect(await deaths()).toBe(1);
    expect(tallies.reduce((sum, tally) => sum + tally.done, 0)).toBe(1);
    expect(await world.perform(retryEmails, { status: "failed", limit: 100 })).toMatchObject({ skipped: 1 });
    await world.drain();
    expect(keys).toHaveLength(4);
    expect((await emailRows(world)).map(({ round }) => round)).toEqual([2, 2]);
  });
});
