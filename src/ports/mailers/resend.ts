import { Resend } from "resend";
import type { MailLimiter } from "./mail-limiter.ts";
import { type Email, type Mailer, MailerUnavailable, type Mailing, type SendResult } from "./mailer.ts";
import { faultOfResponse, isAboutRecipient } from "./resend-faults.ts";

export type ResendOptions = {
  readonly apiKey: string;
  /** Without a trailing slash. */
  readonly url: string;
  readonly limiter: MailLimiter;
  readonly timeoutMs?: number;
};

const TIMEOUT_MS = 20_000;

/** Sends through Resend's SDK, which does not throw, retry or time out by itself. */
export function resendMailer({ apiKey, url, limiter, timeoutMs = TIMEOUT_MS }: ResendOptions): Mailer {
  const resend = new Resend(apiKey, { baseUrl: url });
  const send: Mailer["send"] = async (mailing, { signal }) => {
    // The SDK passes its options on to fetch, including the signal.
    const options = {
      idempotencyKey: mailing.key,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    };
    const [email] = mailing.emails;
    const isSingle = mailing.emails.length === 1 && email !== undefined;
    const response = isSingle
      ? await resend.emails.send(requestOf(email), options)
      : await resend.batch.send(mailing.emails.map(requestOf), { ...options, batchValidation: "permissive" });
    await limiter.adoptRate(response.headers);
    if (response.error) {
      const result = await faultOfResponse(response, mailing.emails.length, limiter);
      return mailing.emails.map(() => result);
    }
    const { data } = response;
    if ("id" in data) return [{ kind: "accepted", providerId: data.id }];
    return resultsIn(mailing, data);
  };
  return {
    name: "resend",
    admit: (key, signal) => limiter.admit(key, signal),
    send,
    close: async () => undefined,
  };
}

const requestOf = ({ from, to, replyTo, subject, html, text, headers }: Email) => ({
  from,
  to,
  ...(replyTo === null ? {} : { replyTo }),
  subject,
  html,
  text,
  headers: { ...headers },
});

type BatchData = {
  readonly data?: readonly { readonly id: string }[];
  readonly errors?: readonly { readonly index: number; readonly message?: string }[];
};

/**
 * In permissive mode, `errors` holds the indexes of invalid e-mails, and `data` the ids of the others, in
 * order.
 */
function resultsIn({ emails }: Mailing, response: BatchData): SendResult[] {
  if (!Array.isArray(response.data)) throw new MailerUnavailable("answered without results");
  const refused = new Map((response.errors ?? []).map(({ index, message = "" }) => [index, message]));
  const ids = response.data.map(({ id }) => id);
  // With any other number of ids, they would be assigned to the wrong e-mails.
  const isComplete = ids.length === emails.length - refused.size;
  let next = 0;
  return emails.map((_email, index): SendResult => {
    const message = refused.get(index);
    if (message === undefined)
      return { kind: "accepted", providerId: isComplete ? (ids[next++] ?? null) : null };
    return {
      kind: "refused",
      reason: "422 validation_error",
      bounce: isAboutRecipient(message) ? "hard" : null,
    };
  });
}
