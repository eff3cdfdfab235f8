import { sql } from "drizzle-orm";
import { z } from "zod";
import { rows } from "../../../db/statement.ts";
import { pendingDeliveries, pendingEmails } from "../../../email/batch-contents.ts";
import { checkDeliveries } from "../../../email/check-deliveries.ts";
import { type ComposedLetter, composeLetters } from "../../../email/compose-letters.ts";
import { dropDeliveries, type EmailFate, recordFates } from "../../../email/record-results.ts";
import { MailerBusy } from "../../../ports/mailer.ts";
import { defineJob } from "../../../queues/job.ts";
import { done, Snooze } from "../../../queues/outcome.ts";

/** Keys are forgotten after 24 hours; clocks differ, and a call takes its time. */
const ASK_AGAIN_WITHIN_MS = 24 * 3_600_000 - 10 * 60_000;

type Request = { key: string; composedAt: string; letters: ComposedLetter[] };

/**
 * Sends one batch. What of it may still be sent is decided and written once; those bytes go out with every try, under one key. Not
 * knowing whether they arrived is a reason to try again, for a day.
 */
export const sendEmails = defineJob({
  name: "send-emails",
  queue: "notifications",
  description: "Sends one batch of e-mails, after a last look at whether each may still be sent.",
  payload: z.object({
    batchId: z.string().describe("the batch"),
    users: z.array(z.string()).default([]).describe("whom it is for, for those who read a preview"),
  }),
  key: ({ batchId }) => batchId,
  // The day of the key ends first.
  attempts: 80,
  timeLimitMs: 60_000,
  backOff: { baseMs: 2_000, capMs: 3_600_000 },
  prepare: async ({ batchId }, { tx, now, settings }) => {
    const emails = await pendingEmails(tx, batchId);
    if (emails.length === 0) return { nothing: "no e-mail of this batch waits" };
    const checked = await checkDeliveries(tx, await pendingDeliveries(tx, emails), {
      now,
      otherZone: settings.notifications.userTimeZone,
    });
    await dropDeliveries(
      tx,
      emails.map(({ id }) => id),
      checked.dropped,
    );
    const letters = await composeLetters(tx, emails, checked, { settings: settings.email, now });
    if (letters.length === 0) return { nothing: "nothing is left to tell" };
    const [clock] = await rows<{ at: string }>(tx, sql`select clock_timestamp() as at`);
    const [only] = letters;
    const key = letters.length === 1 && only ? only.letter.key : `batch/${batchId}`;
    return { request: { key, composedAt: String(clock?.at), letters } satisfies Request };
  },
  call: async (request: Request, { ports, log, signal }): Promise<EmailFate[]> => {
    const { key, letters } = request;
    if (Date.now() - Date.parse(request.composedAt) > ASK_AGAIN_WITHIN_MS)
      return letters.map(({ emailId }) => ({ emailId, fate: { kind: "expired" } }));
    try {
      const fates = await ports.mailer.send({ key, letters: letters.map(({ letter }) => letter) }, signal);
      return letters.map(({ emailId }, index) => ({
        emailId,
        fate: fates[index] ?? { kind: "unclear", reason: "no fate was told" },
      }));
    } catch (error) {
      if (error instanceof MailerBusy) throw new Snooze(error.retryAfterMs, error.message);
      if (error instanceof Error && error.name === "MailerSilent")
        log.warn(
          { batch: key, letters: letters.length, said: error.message },
          "the mailer did not take a batch",
        );
      throw error;
    }
  },
  record: async (_payload, fates, { tx, now }) => done(await recordFates(tx, fates, now)),
});
