import { z } from "zod";
import { checkDeliveries } from "../../../email/check-deliveries.ts";
import { type ComposedEmail, composeEmails } from "../../../email/compose-emails.ts";
import { pendingDeliveries, pendingEmails } from "../../../email/mailing-contents.ts";
import { dropDeliveries, type EmailResult, recordResults } from "../../../email/record-results.ts";
import { MailerBusy, MailerUnavailable } from "../../../ports/mailers/mailer.ts";
import { defineJob } from "../../../queues/job.ts";
import { done, Snooze } from "../../../queues/outcome.ts";

/**
 * Idempotency keys expire after 24 hours. The margin covers clock differences and the duration of the
 * request.
 */
const RETRY_WITHIN_MS = 24 * 3_600_000 - 10 * 60_000;

type Request = { key: string; composedAt: string; emails: ComposedEmail[] };

/** A request that an earlier version stored. */
type FormerRequest = {
  key: string;
  composedAt: string;
  letters: { emailId: string; letter: ComposedEmail["email"] }[];
};

/**
 * Sends one mailing. What may be sent is checked and composed once; every attempt sends the same bytes under
 * the same key. If it is unknown whether they arrived, it is retried for a day.
 */
export const sendEmails = defineJob({
  name: "send-emails",
  queue: "notifications",
  description: "Sends one mailing, after checking once more whether each e-mail may still be sent.",
  payload: z.object({ batchId: z.string().describe("the id of the mailing") }),
  key: ({ batchId }) => batchId,
  // More than fit into a day: the key expires before the attempts are used up.
  attempts: 80,
  timeLimitMs: 60_000,
  backOff: { baseMs: 2_000, capMs: 3_600_000 },
  prepare: async ({ batchId }, { tx, now, settings }) => {
    const pending = await pendingEmails(tx, batchId);
    if (pending.length === 0) return { nothing: "no e-mail of this mailing is pending" };
    const checked = await checkDeliveries(tx, await pendingDeliveries(tx, pending), {
      now,
      defaultZone: settings.notifications.userTimeZone,
    });
    await dropDeliveries(
      tx,
      pending.map(({ id }) => id),
      checked.dropped,
    );
    const emails = await composeEmails(tx, pending, checked, { settings: settings.email, now });
    if (emails.length === 0) return { nothing: "nothing is left to send" };
    const [only] = emails;
    const key = emails.length === 1 && only ? only.email.key : `batch/${batchId}`;
    return { request: { key, composedAt: now.toISOString(), emails } satisfies Request };
  },
  call: async (request: Request | FormerRequest, { ports, now, log, signal }): Promise<EmailResult[]> => {
    const { key } = request;
    const emails = emailsIn(request);
    if (now.getTime() - Date.parse(request.composedAt) > RETRY_WITHIN_MS)
      return emails.map(({ emailId }) => ({ emailId, result: { kind: "expired" } }));
    try {
      const results = await ports.mailer.send({ key, emails: emails.map(({ email }) => email) }, signal);
      return emails.map(({ emailId }, index) => ({
        emailId,
        result: results[index] ?? { kind: "unclear", reason: "the mailer returned no result" },
      }));
    } catch (error) {
      if (error instanceof MailerBusy) throw new Snooze(error.retryAfterMs, error.message);
      if (error instanceof MailerUnavailable)
        log.warn({ mailing: key, emails: emails.length, reason: error.message }, "sending a mailing failed");
      throw error;
    }
  },
  record: async (_payload, results, { tx, now }) => done(await recordResults(tx, results, now)),
});

const emailsIn = (request: Request | FormerRequest): ComposedEmail[] =>
  "emails" in request
    ? request.emails
    : request.letters.map(({ emailId, letter }) => ({ emailId, email: letter }));
