import { z } from "zod";
import { checkDeliveries } from "../../../email/check-deliveries.ts";
import { composeEmails } from "../../../email/compose-emails.ts";
import { enqueueMailings, splitMailing } from "../../../email/create-mailings.ts";
import { pendingDeliveries, pendingEmails } from "../../../email/mailing-contents.ts";
import { leaveQuietHours } from "../../../email/quiet-hours.ts";
import { dropDeliveries, recordResults } from "../../../email/record-results.ts";
import { HANDED_OVER, resumeMailing } from "../../../email/resume-mailing.ts";
import { type MailingAnswer, type MailingRequest, sendMailing } from "../../../email/send-mailing.ts";
import { gatherSurplus } from "../../../email/single-emails.ts";
import { MailerBusy } from "../../../ports/mailers/mailer.ts";
import { defineJob, type JobContext, type OutsideJob } from "../../../queues/job.ts";
import { done, Snooze } from "../../../queues/outcome.ts";

type Payload = { batchId: string };

/**
 * Sends one mailing. What may be sent is checked and composed right before it is sent. If the mailer
 * certainly accepted nothing, the next attempt checks and composes again. If that is unknown, every attempt
 * sends the same bytes under the same key for a day, unless one of its recipients may no longer get it.
 */
export const sendEmails: OutsideJob<Payload, MailingRequest, MailingAnswer> = defineJob({
  name: "send-emails",
  queue: "notifications",
  description:
    "Hands the e-mails of one mailing to the mail provider, after checking once more whether each may still be sent. No other job sends e-mail: while it is paused, none is sent.",
  payload: z.object({ batchId: z.string().describe("the id of the mailing") }),
  key: ({ batchId }) => batchId,
  // More than fit into a day: the key expires before the attempts are used up.
  attempts: 80,
  timeLimitMs: 60_000,
  backOff: { baseMs: 2_000, capMs: 3_600_000 },
  admit: async (entry, { ports, signal }) => {
    try {
      await ports.mailer.admit(entry, signal);
    } catch (error) {
      throw error instanceof MailerBusy ? new Snooze(error.retryAfterMs, error.message) : error;
    }
  },
  prepare: prepareMailing,
  resume: resumeMailing,
  call: (request, { ports, log, signal, note }) =>
    sendMailing(request, ports.mailer, { log, signal, begin: () => note(HANDED_OVER) }),
  record: async ({ batchId }, answer, context) => {
    const { tx, now } = context;
    if (answer.kind === "results") return done(await recordResults(tx, answer.results, now));
    return done({ mailings: await split(batchId, context, answer.parts) });
  },
});

async function prepareMailing({ batchId }: Payload, context: JobContext) {
  const { tx, now, settings, log } = context;
  const found = await pendingEmails(tx, batchId);
  if (found.length === 0) return { nothing: "no e-mail of this mailing is pending" };
  // Created while another mailer was configured.
  if (found.length > settings.email.batchSize) {
    await split(batchId, context, Math.ceil(found.length / settings.email.batchSize));
    return { nothing: "split into smaller mailings" };
  }
  const pending = await gatherSurplus(tx, found, { perHour: settings.notifications.emailsPerHour, now });
  const zones = { defaultZone: settings.notifications.userTimeZone, log };
  const checked = await checkDeliveries(tx, await pendingDeliveries(tx, pending), { now, ...zones });
  await dropDeliveries(
    tx,
    pending.map(({ id }) => id),
    checked.dropped,
  );
  const awake = await leaveQuietHours(tx, pending, checked, { now, ...zones });
  const emails = await composeEmails(tx, awake, checked, { settings: settings.email, now });
  if (emails.length === 0) return { nothing: "nothing is left to send" };
  const [only] = emails;
  const key = emails.length === 1 && only ? only.email.key : `batch/${batchId}`;
  const { mailer } = settings.email;
  return { request: { key, mailer, composedAt: now.toISOString(), emails } satisfies MailingRequest };
}

/** Divides a mailing into mailings of their own. @returns how many. */
async function split(batchId: string, context: JobContext, parts: number): Promise<number> {
  const mailings = await splitMailing(context.tx, batchId, parts);
  await enqueueMailings(context, sendEmails, mailings);
  return mailings.length;
}
