import type { MailLimiter } from "../../src/ports/mailers/mail-limiter.ts";
import { MailerBusy } from "../../src/ports/mailers/mailer.ts";

/** A limiter without a rate, whose pause lasts until the test ends it. */
export function pausableLimiter(): MailLimiter & { pausedMs: number; endPause(): void } {
  const limiter = {
    /** How long the last pause was to last; 0 after it was ended. */
    pausedMs: 0,
    endPause: () => {
      limiter.pausedMs = 0;
    },
    admit: async () => {
      if (limiter.pausedMs > 0) throw new MailerBusy("paused", limiter.pausedMs);
    },
    adoptRate: async () => undefined,
    pause: async (ms: number) => {
      limiter.pausedMs = ms;
    },
  };
  return limiter;
}
