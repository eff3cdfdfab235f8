import type { JobContext, Resumption } from "../queues/job.ts";
import { Snooze } from "../queues/outcome.ts";
import { checkDeliveries } from "./check-deliveries.ts";
import type { ComposedEmail } from "./compose-emails.ts";
import { pendingDeliveries } from "./mailing-contents.ts";
import type { MailingAnswer, MailingRequest } from "./send-mailing.ts";
import { countAgain } from "./single-emails.ts";

/** The note of a mailer without idempotency keys, stored before it sends the content of an e-mail. */
export const HANDED_OVER = "handed over";

/**
 * Idempotency keys expire after 24 hours. The margin covers clock differences and the duration of the
 * request.
 */
const RETRY_WITHIN_MS = 24 * 3_600_000 - 10 * 60_000;

/** How soon a mailing is tried again if it would exceed the hourly limit of single e-mails of a user. */
const LIMIT_RETRY_MS = 15 * 60_000;

/** Reasons that also stop an e-mail that may have arrived by an earlier attempt. */
const STOPS_RETRIES = new Set(["no-access", "no-address", "suppressed", "unsubscribed"]);

/**
 * Decides about a mailing that may have arrived by an earlier attempt. With idempotency keys the same bytes
 * are sent again for a day, unless one of its recipients must not get them now: a mailing that was handed
 * over cannot be divided, so all its e-mails need review (docs/decisions/0106).
 */
export async function resumeMailing(
  request: MailingRequest,
  note: string | null,
  { tx, now, settings, log }: JobContext,
): Promise<Resumption<MailingAnswer>> {
  const { mailer, composedAt, emails } = request;
  if (mailer === "smtp" && note !== HANDED_OVER) return { kind: "prepare" };
  if (mailer === "smtp") return needsReview(emails, () => "the attempt was interrupted");
  if (mailer !== settings.email.mailer) return needsReview(emails, () => "the mailer was changed");
  if (now.getTime() - Date.parse(composedAt) > RETRY_WITHIN_MS)
    return needsReview(emails, () => "no answer within a day");
  const ids = emails.map(({ emailId }) => ({ id: emailId }));
  const deliveries = await pendingDeliveries(tx, ids);
  const { dropped } = await checkDeliveries(tx, deliveries, {
    now,
    defaultZone: settings.notifications.userTimeZone,
    log,
  });
  const emailOf = new Map(deliveries.map(({ id, emailId }) => [id, emailId]));
  const stopped = new Map(
    dropped
      .filter(({ reason }) => STOPS_RETRIES.has(reason))
      .map(({ id, reason }) => [emailOf.get(id), reason]),
  );
  if (stopped.size > 0)
    return needsReview(emails, (id) => stopped.get(id) ?? "in one mailing with an e-mail that was stopped");
  const limit = { perHour: settings.notifications.emailsPerHour, now };
  const emailIds = emails.map(({ emailId }) => emailId);
  if (!(await countAgain(tx, emailIds, limit)))
    throw new Snooze(LIMIT_RETRY_MS, "the limit of an hour is used up");
  return { kind: "send" };
}

const needsReview = (
  emails: readonly ComposedEmail[],
  reasonOf: (emailId: string) => string,
): Resumption<MailingAnswer> => ({
  kind: "answer",
  answer: {
    kind: "results",
    results: emails.map(({ emailId }) => ({
      emailId,
      result: { kind: "unclear", reason: reasonOf(emailId) },
    })),
  },
});
