import { setTimeout as delay } from "node:timers/promises";
import { FetchFailed, isTransient } from "./fetch-failed.ts";

const ATTEMPTS = 3;
const RETRY_BASE_MS = 1_000;
/** A host with a longer Retry-After is left to the next run. */
export const MAX_WAIT_MS = 30_000;

/**
 * Sends a request up to three times, as long as it fails for a reason that may pass. In between it waits for
 * the Retry-After of the host, and a random time (full jitter: workers that failed together do not come back
 * together).
 *
 * @param baseMs delay before the second attempt; doubles. Default: a second.
 * @throws what the last attempt throws, or the reason of the signal.
 */
export async function withRetries<T>(
  send: () => Promise<T>,
  signal: AbortSignal,
  baseMs = RETRY_BASE_MS,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof FetchFailed) || !isTransient(error) || attempt === ATTEMPTS) throw error;
      const leastMs = error.retryAfterMs ?? 0;
      if (leastMs > MAX_WAIT_MS) throw error;
      await delay(leastMs + Math.random() * baseMs * 2 ** attempt, undefined, { signal });
    }
  }
}
