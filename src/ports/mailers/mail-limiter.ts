import { setTimeout as delay } from "node:timers/promises";
import type { RateLimiter } from "../requests/rate-limiter.ts";
import { MailerBusy } from "./mailer.ts";

/** Limits the requests to one mail provider, and pauses all of them while it accepts nothing. */
export type MailLimiter = {
  /**
   * Waits for the slot of a request.
   * @throws MailerBusy if the slot is too far away to wait for.
   */
  admit(key: string, signal: AbortSignal): Promise<void>;
  /** Adopts the rate in the `ratelimit-limit` header: requests per second. */
  adoptRate(headers: Readonly<Record<string, string>> | null): Promise<void>;
  /** Sends nothing for this long. */
  pause(ms: number): Promise<void>;
};

/** A slot this close is waited for; for a later one the worker is freed instead. */
const MAX_WAIT_MS = 300;

export function createMailLimiter(limiter: RateLimiter, provider: string): MailLimiter {
  return {
    async admit(key, signal) {
      for (;;) {
        const waitMs = await limiter.reserve(provider, key);
        if (waitMs <= 0) return;
        if (waitMs > MAX_WAIT_MS) throw new MailerBusy("the rate limit is used up", waitMs);
        await delay(waitMs, undefined, { signal });
      }
    },
    async adoptRate(headers) {
      const perSecond = Number.parseInt(headers?.["ratelimit-limit"] ?? "", 10);
      if (perSecond > 0) await limiter.setRate(provider, perSecond);
    },
    pause: (ms) => limiter.pause(provider, ms),
  };
}
