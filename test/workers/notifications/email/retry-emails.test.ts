import { describe, expect, it } from "vitest";
import type { Mailer, SendResult } from "../../../../src/ports/mailers/mailer.ts";
import { emailDigest } from "../../../../src/workers/notifications/email/email-digest.ts";
import { emailInstant } from "../../../../src/workers/notifications/email/email-instant.ts";
import { retryEmails } from "../../../../src/workers/notifications/email/retry-emails.ts";
import { delivery, deliveryStates, emailRows } from "../../../support/emails.ts";
import { enqueueIn } from "../../../support/jobs.ts";
import { dieAtNextCommit } from "../../../support/kills.ts";
import { user } from "../../../support/platform.ts";
import { createWorld, type World } from "../../../support/world.ts";

const AT = "2026-03-02T18:00:00Z";

/** A world in which an e-mail and a digest were not sent. */
async function unsent(result: Exclude<SendResult, { kind: "accepted" }>) {
  const keys: string[] = [];
  const provider = { result: result as SendResult };
  const mailer: Mailer = {
    name: "resend",
    admit: async () => undefined,
    close: async () => undefined,
    async send({ emails }) {
      keys.push(...emails.map(({ key }) => key));
      return emails.map(() => provider.result);
    },
  };
  const world = await createWorld({ at: AT, ports: { mailer } });
  const userId = await user(world, { email: "ada@people.test" });
  await delivery(world, { userId });
  for (let n = 0; n < 2; n++) await delivery(world, { userId, cadence: "hourly" });
  await world.perform(emailInstant, {});
  await world.perform(emailDigest, {});
  await world.drain();
  return {
    world,
    keys,
    fix: () => Object.assign(provider, { result: { kind: "accepted", providerId: null } }),
  };
}

const states = async (world: World) => new Set(await deliveryStates(world));

describe("retry-emails", () => {
  it.each([
    ["failed", { kind: "refused", reason: "422 validation_error", bounce: null }],
    ["needs_review", { kind: "unclear", reason: "SMTP ECONNECTION" }],
  ] as const)(
    "sends e-mails that are %s again under new keys, digests with all their items",
    async (status, result) => {
      const { world, keys, fix } = await unsent(result);
      expect(await states(world)).toEqual(new Set([`${status}: ${result.reason}`]));
      expect((await emailRows(world)).map((row) => row.status)).toEqual([status, status]);
      fix();
      expect(await world.perform(retryEmails, { status, limit: 100 })).toMatchObject({
        counts: { emails: 2 },
      });
      await world.drain();
      expect(keys.sort()).toEqual(["delivery/1", "delivery/1/2", "digest/1", "digest/1/2"]);
      expect(await states(world)).toEqual(new Set(["sent"]));
    },
  );

  it("skips when no e-mail has the status, or none since the given time", async () => {
    const { world } = await unsent({ kind: "refused", reason: "x", bounce: null });
    expect(await world.perform(retryEmails, { status: "needs_review", limit: 100 })).toMatchObject({
      skipped: 1,
    });
    const since = new Date(Date.now() + 60_000).toISOString();
    expect(await world.perform(retryEmails, { status: "failed", limit: 100, since })).toMatchObject({
      skipped: 1,
    });
  });

  it("sends once when run twice, concurrently, or after being killed", async () => {
    const { world, keys, fix } = await unsent({ kind: "refused", reason: "x", bounce: null });
    fix();
    const deaths = await dieAtNextCommit(world, "email_batches");
    const [id] = await enqueueIn(world, retryEmails, { status: "failed", limit: 100 });
    const tallies = await Promise.all([1, 2, 3].map(() => world.run(retryEmails, [id!])));
    expect(await deaths()).toBe(1);
    expect(tallies.reduce((sum, tally) => sum + tally.done, 0)).toBe(1);
    expect(await world.perform(retryEmails, { status: "failed", limit: 100 })).toMatchObject({ skipped: 1 });
    await world.drain();
    expect(keys).toHaveLength(4);
    expect((await emailRows(world)).map(({ round }) => round)).toEqual([2, 2]);
  });
});
