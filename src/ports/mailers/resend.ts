import { Resend } from "resend";
import type { MailLimiter } from "./mail-limiter.ts";
import {
  type Email,
  type Mailer,
  MailerBusy,
  MailerUnavailable,
  type Mailing,
  type SendResult,
} from "./mailer.ts";

export type ResendOptions = {
  readonly apiKey: string;
  /** Without a trailing slash. */
  readonly url: string;
  readonly limiter: MailLimiter;
  readonly timeoutMs?: number;
};

const TIMEOUT_MS = 20_000;
const BUSY_MS = 1_000;
/** Daily and monthly quotas: check again once an hour. */
const QUOTA_MS = 3_600_000;

type Failure = { readonly statusCode: number | null; readonly name: string };
type Response = { readonly error: Failure | null; readonly headers: Record<string, string> | null };

/** Sends through Resend's SDK, which does not throw, retry or time out by itself. */
export function resendMailer({ apiKey, url, limiter, timeoutMs = TIMEOUT_MS }: ResendOptions): Mailer {
  const resend = new Resend(apiKey, { baseUrl: url });
  const send = async (mailing: Mailing, signal: AbortSignal): Promise<readonly SendResult[]> => {
    await limiter.admit(mailing.key, signal);
    // The SDK passes its options on to fetch, including the signal.
    const options = {
      idempotencyKey: mailing.key,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    };
    const [email] = mailing.emails;
    if (mailing.emails.length === 1 && email !== undefined) {
      const response = await resend.emails.send(requestOf(email), options);
      await limiter.adoptRate(response.headers);
      return response.error
        ? [await resultOf(response, limiter)]
        : [{ kind: "accepted", providerId: response.data?.id ?? null }];
    }
    const response = await resend.batch.send(mailing.emails.map(requestOf), {
      ...options,
      batchValidation: "permissive",
    });
    await limiter.adoptRate(response.headers);
    if (response.error) {
      const result = await resultOf(response, limiter);
      return mailing.emails.map(() => result);
    }
    return resultsIn(mailing, response.data);
  };
  return { name: "resend", send };
}

const requestOf = ({ from, to, subject, html, text, headers }: Email) => ({
  from,
  to,
  subject,
  html,
  text,
  headers: { ...headers },
});

/**
 * The result of a failed request. 429: retry later. 5xx, timeouts and network errors: unknown. 401 and 403:
 * the API key or the domain is not accepted, which is not the e-mail's fault, so it waits until an operator
 * fixes that (docs/decisions/0030). Any other 4xx is permanent.
 */
async function resultOf({ error, headers }: Response, limiter: MailLimiter): Promise<SendResult> {
  const { statusCode: status, name } = error ?? { statusCode: null, name: "no_answer" };
  if (status === null) throw new MailerUnavailable("no answer");
  if (name === "concurrent_idempotent_requests")
    throw new MailerBusy("another attempt is still running", 5 * BUSY_MS);
  if (name === "invalid_idempotent_request") return { kind: "unclear", reason: `${status} ${name}` };
  if (status === 429) {
    const waitMs = name.endsWith("_quota_exceeded") ? QUOTA_MS : retryAfterMs(headers);
    await limiter.pause(waitMs);
    throw new MailerBusy(name, waitMs);
  }
  if (status >= 500 || status === 408 || status === 401 || status === 403)
    throw new MailerUnavailable(`answered ${status}`);
  return { kind: "refused", reason: `${status} ${name}` };
}

function retryAfterMs(headers: Record<string, string> | null): number {
  const seconds = Number(headers?.["retry-after"]);
  return seconds > 0 ? seconds * 1_000 : BUSY_MS;
}

type BatchData = {
  readonly data: readonly { readonly id: string }[];
  readonly errors?: readonly { readonly index: number }[];
} | null;

/**
 * In permissive mode, `errors` holds the indexes of invalid e-mails, and `data` the ids of the others, in
 * order.
 */
function resultsIn({ emails }: Mailing, response: BatchData): SendResult[] {
  const refused = new Set((response?.errors ?? []).map(({ index }) => index));
  const ids = (response?.data ?? []).map(({ id }) => id);
  // With any other number of ids, they would be assigned to the wrong e-mails.
  const isComplete = ids.length === emails.length - refused.size;
  let next = 0;
  return emails.map((_email, index): SendResult => {
    if (refused.has(index)) return { kind: "refused", reason: "422 validation_error" };
    return { kind: "accepted", providerId: isComplete ? (ids[next++] ?? null) : null };
  });
}
