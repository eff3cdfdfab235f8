import { setTimeout as delay } from "node:timers/promises";
import { Resend } from "resend";
import type { Pace } from "./mail-pace.ts";
import { type Batch, type Letter, type LetterFate, type Mailer, MailerBusy, MailerSilent } from "./mailer.ts";

export type ResendOptions = {
  readonly apiKey: string;
  /** Without a slash at the end. */
  readonly url: string;
  readonly pace: Pace;
  readonly timeoutMs?: number;
};

const TIMEOUT_MS = 20_000;
/** A moment that is so near is waited for here; further ones give the worker back meanwhile. */
const WAIT_HERE_MS = 300;
const BUSY_MS = 1_000;
/** A quota that is used up comes back with the day. */
const QUOTA_MS = 3_600_000;

type Failure = { readonly statusCode: number | null; readonly name: string };
type Answer = { readonly error: Failure | null; readonly headers: Record<string, string> | null };

/** Resend, through its SDK, which neither throws nor retries nor sets a time limit of its own. */
export function resendMailer({ apiKey, url, pace, timeoutMs = TIMEOUT_MS }: ResendOptions): Mailer {
  const resend = new Resend(apiKey, { baseUrl: url });
  const send = async (batch: Batch, signal: AbortSignal): Promise<readonly LetterFate[]> => {
    await comeInTime(pace, batch.key, signal);
    // The SDK hands its options on to fetch, the signal among them.
    const options = {
      idempotencyKey: batch.key,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    };
    const [letter] = batch.letters;
    if (batch.letters.length === 1 && letter !== undefined) {
      const answer = await resend.emails.send(emailOf(letter), options);
      await noteRate(pace, answer);
      return answer.error
        ? [await fateOf(answer, pace)]
        : [{ kind: "accepted", providerId: answer.data?.id ?? null }];
    }
    const answer = await resend.batch.send(batch.letters.map(emailOf), {
      ...options,
      batchValidation: "permissive",
    });
    await noteRate(pace, answer);
    if (answer.error) {
      const fate = await fateOf(answer, pace);
      return batch.letters.map(() => fate);
    }
    return fatesIn(batch, answer.data);
  };
  return { name: "resend", send };
}

/** @throws MailerBusy when the moment of this batch is not near. */
async function comeInTime(pace: Pace, key: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const waitMs = await pace.reserve(key);
    if (waitMs <= 0) return;
    if (waitMs > WAIT_HERE_MS) throw new MailerBusy("the rate is used up", waitMs);
    await delay(waitMs, undefined, { signal });
  }
}

const emailOf = ({ from, to, subject, html, text, headers }: Letter) => ({
  from,
  to,
  subject,
  html,
  text,
  headers: { ...headers },
});

/** `ratelimit-limit` is how many requests a second are taken. */
async function noteRate(pace: Pace, { headers }: Answer): Promise<void> {
  const told = Number.parseInt(headers?.["ratelimit-limit"] ?? "", 10);
  if (told > 0) await pace.learn(told);
}

/**
 * What a failure means. 429: later. 5xx, time-out and network: unknown. 401 and 403: the key or the domain is at fault, not the
 * letter, so it waits until somebody has mended that. Any other 4xx: never.
 */
async function fateOf({ error, headers }: Answer, pace: Pace): Promise<LetterFate> {
  const { statusCode: status, name } = error ?? { statusCode: null, name: "no_answer" };
  if (status === null) throw new MailerSilent("no answer");
  if (name === "concurrent_idempotent_requests")
    throw new MailerBusy("another try is under way", 5 * BUSY_MS);
  if (name === "invalid_idempotent_request") return { kind: "unclear", reason: `${status} ${name}` };
  if (status === 429) {
    const waitMs = name.endsWith("_quota_exceeded") ? QUOTA_MS : retryAfterMs(headers);
    await pace.pause(waitMs);
    throw new MailerBusy(name, waitMs);
  }
  if (status >= 500 || status === 408 || status === 401 || status === 403)
    throw new MailerSilent(`answered ${status}`);
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

/** In the permissive mode letters that are not valid are named by their index, and ids stand for the others, in order. */
function fatesIn({ letters }: Batch, answer: BatchData): LetterFate[] {
  const refused = new Set((answer?.errors ?? []).map(({ index }) => index));
  const ids = (answer?.data ?? []).map(({ id }) => id);
  // Ids that do not fit the letters would be given to the wrong ones.
  const fits = ids.length === letters.length - refused.size;
  let next = 0;
  return letters.map((_letter, index): LetterFate => {
    if (refused.has(index)) return { kind: "refused", reason: "422 validation_error" };
    return { kind: "accepted", providerId: fits ? (ids[next++] ?? null) : null };
  });
}
