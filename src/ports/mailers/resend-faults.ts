import type { MailLimiter } from "./mail-limiter.ts";
import { ChannelFault, MailerBusy, MailerUnavailable, MailingRefused, type SendResult } from "./mailer.ts";

const BUSY_MS = 1_000;
/** A channel that cannot be used is tried again once a minute. */
const CHANNEL_RETRY_MS = 60_000;
/** Daily and monthly quotas: check again once an hour. */
const QUOTA_MS = 3_600_000;

/** An error response. The message contains addresses: it is read, but never stored or logged. */
export type FailedResponse = {
  readonly error: {
    readonly statusCode?: number | null;
    readonly name?: string;
    readonly message?: string;
  };
  readonly headers: Readonly<Record<string, string>> | null;
};

/** Errors of a request that one e-mail can cause. All others of a 4xx are the channel's. */
const ABOUT_CONTENT = new Set([
  "validation_error",
  "missing_required_field",
  "invalid_parameter",
  "invalid_attachment",
]);

/**
 * Classifies a failed request (docs/decisions/0106). 5xx, timeouts and network errors: unknown. 429, and
 * errors of the key, the domain or the account: no e-mail is at fault. All others concern the content, and
 * are final for a single e-mail.
 *
 * @throws MailerUnavailable, MailerBusy, ChannelFault, MailingRefused
 */
export async function faultOfResponse(
  { error, headers }: FailedResponse,
  emails: number,
  limiter: MailLimiter,
): Promise<SendResult> {
  const { statusCode, name = "error", message = "" } = error;
  if (typeof statusCode !== "number") throw new MailerUnavailable("no answer");
  const reason = `${statusCode} ${/^[a-z_]{1,60}$/.test(name) ? name : "error"}`;
  // Another attempt under this key is still running.
  if (name === "concurrent_idempotent_requests") throw new MailerUnavailable(reason);
  if (name === "invalid_idempotent_request") return { kind: "unclear", reason };
  if (statusCode >= 500 || statusCode === 408) throw new MailerUnavailable(`answered ${statusCode}`);
  const isQuota = name.endsWith("_quota_exceeded");
  if (statusCode === 429 && !isQuota) {
    const waitMs = retryAfterMs(headers) ?? BUSY_MS;
    await limiter.pause(waitMs);
    throw new MailerBusy(name, waitMs);
  }
  if (isAboutContent(statusCode, name, message)) {
    if (emails > 1) throw new MailingRefused(reason);
    return { kind: "refused", reason, bounce: isAboutRecipient(message) ? "hard" : null };
  }
  const waitMs = isQuota ? QUOTA_MS : CHANNEL_RETRY_MS;
  await limiter.pause(waitMs);
  throw new ChannelFault(reason, waitMs);
}

const isAboutContent = (status: number, name: string, message: string): boolean =>
  status === 413 ||
  ((status === 400 || status === 422) && ABOUT_CONTENT.has(name) && !isAboutSender(message));

/** Resend names the field in backticks or quotes: "Invalid `from` field." */
const isAboutSender = (message: string): boolean => /[`'"](?:from|reply_to)[`'"]/i.test(message);

/** Whether the address of the recipient is at fault. */
export const isAboutRecipient = (message: string): boolean => /[`'"]to[`'"]/i.test(message);

function retryAfterMs(headers: FailedResponse["headers"]): number | null {
  const seconds = Number(headers?.["retry-after"]);
  return seconds > 0 ? seconds * 1_000 : null;
}
