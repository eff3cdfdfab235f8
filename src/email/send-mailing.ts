import type { Settings } from "../config/settings.ts";
import type { Log } from "../log.ts";
import {
  ChannelFault,
  EmailDeferred,
  type HandOver,
  type Mailer,
  MailerBusy,
  MailerUnavailable,
  MailingRefused,
} from "../ports/mailers/mailer.ts";
import { NotSent } from "../queues/outcome.ts";
import type { ComposedEmail } from "./compose-emails.ts";
import type { EmailResult } from "./record-results.ts";

/** A composed mailing, as stored in its outbox entry. */
export type MailingRequest = {
  readonly key: string;
  /** The mailer that it was composed for. */
  readonly mailer: Settings["email"]["mailer"];
  readonly composedAt: string;
  readonly emails: readonly ComposedEmail[];
};

/** The result of a mailing. `split`: it was rejected as a whole, so its parts are sent separately. */
export type MailingAnswer =
  | { readonly kind: "results"; readonly results: readonly EmailResult[] }
  | { readonly kind: "split"; readonly parts: number };

/**
 * Sends a composed mailing.
 * @throws NotSent if nothing was accepted, and the mailing may be sent later.
 */
export async function sendMailing(
  { key, emails }: MailingRequest,
  mailer: Mailer,
  { log, ...handOver }: HandOver & { readonly log: Log },
): Promise<MailingAnswer> {
  const about = { mailing: key, emails: emails.length };
  try {
    const results = await mailer.send({ key, emails: emails.map(({ email }) => email) }, handOver);
    return {
      kind: "results",
      results: emails.map(({ emailId }, index) => ({
        emailId,
        result: results[index] ?? { kind: "unclear", reason: "the mailer returned no result" },
      })),
    };
  } catch (error) {
    if (error instanceof MailerBusy) throw new NotSent(error.message, error.retryAfterMs);
    if (error instanceof ChannelFault) {
      log.error(
        { ...about, alert: "mail-channel", reason: error.message },
        "e-mail waits: the mailer cannot send",
      );
      throw new NotSent(error.message, error.retryAfterMs);
    }
    if (error instanceof EmailDeferred) {
      log.warn({ ...about, reason: error.message }, "an e-mail was deferred");
      throw new NotSent(error.message);
    }
    if (error instanceof MailingRefused) {
      log.warn({ ...about, reason: error.message }, "a mailing was refused as a whole; sending its halves");
      return { kind: "split", parts: 2 };
    }
    if (error instanceof MailerUnavailable)
      log.warn({ ...about, reason: error.message }, "sending a mailing failed");
    throw error;
  }
}
