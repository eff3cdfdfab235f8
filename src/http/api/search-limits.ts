import type { RequestHandler, Response } from "express";
import type { Runtime } from "../../roles/runtime.ts";
import { sendRetryLater, tooManyRequests } from "../requests/error-response.ts";
import { createRateLimit } from "../requests/rate-limit.ts";
import { createTaskQueue } from "../requests/task-queue.ts";
import { userOf } from "./auth.ts";

/** The rate limit of one user's searches. */
const SEARCHES_PER_MINUTE = 60;
/** The rate limit of profiles that searches show one user. */
const PROFILES_PER_DAY = 500;
const DAY_SECONDS = 86_400;
/**
 * At most this many searches run at once in a process, which leaves connections and processors for webhooks.
 */
const AT_ONCE = 4;
/** At most this many searches wait for a free one: a few seconds. */
export const MAX_WAITING = 100;
const BUSY_RETRY_MS = 2_000;

export type SearchLimits = {
  /** Sends 429 to a user who searches too often. */
  readonly searches: RequestHandler;
  /** Counts profiles before they are sent. @returns false after sending 429. */
  countShown(res: Response, profiles: number): Promise<boolean>;
  /**
   * Runs a search when fewer than four run. @returns null after sending 503 because too many wait, or if the
   * client has disconnected.
   */
  atOnce<T>(res: Response, search: () => Promise<T>): Promise<T | null>;
};

/** The limits of search, so that nobody can read all profiles. */
export function searchLimits({ producers, config }: Runtime): SearchLimits {
  const limit = (name: string, burst: number, perSecond: number) =>
    createRateLimit({
      redis: producers.redis,
      keyPrefix: `${config.redisPrefix}:limit:${name}`,
      burst,
      perSecond,
    });
  const searches = limit("search", SEARCHES_PER_MINUTE, SEARCHES_PER_MINUTE / 60);
  const shown = limit("profiles", PROFILES_PER_DAY, PROFILES_PER_DAY / DAY_SECONDS);
  const running = createTaskQueue(AT_ONCE, MAX_WAITING);
  return {
    searches: async (_req, res, next) => {
      const waitMs = await searches.take(userOf(res));
      if (waitMs > 0) return tooManyRequests(res, waitMs);
      next();
    },
    atOnce: (res, search) =>
      new Promise((resolve, reject) => {
        const isAdded = running.add(async () => {
          if (res.closed) resolve(null);
          else await search().then(resolve, reject);
        });
        if (isAdded) return;
        const message = "Too many concurrent searches. Retry after the time in Retry-After.";
        sendRetryLater(res, 503, { code: "unavailable", message }, BUSY_RETRY_MS);
        resolve(null);
      }),
    async countShown(res, profiles) {
      for (let n = 0; n < profiles; n++) {
        const waitMs = await shown.take(userOf(res));
        if (waitMs > 0) {
          tooManyRequests(res, waitMs);
          return false;
        }
      }
      return true;
    },
  };
}
