import type { RequestHandler, Response } from "express";
import type { Runtime } from "../../roles/runtime.ts";
import { userOf } from "../auth.ts";
import { tooManyRequests } from "../error-response.ts";
import { createRateLimit } from "../rate-limit.ts";
import { createTaskQueue } from "../task-queue.ts";

/** Searches of one user. */
const SEARCHES_PER_MINUTE = 60;
/** Profiles that one user is shown by searches. */
const PROFILES_PER_DAY = 500;
const DAY_SECONDS = 86_400;
/** Searches that a process runs at once: webhooks keep the other connections and the other processors. */
const AT_ONCE = 4;

export type SearchLimits = {
  /** Sends 429 to a user who searches too often. */
  readonly searches: RequestHandler;
  /** Counts profiles before they are sent. @returns false after sending 429. */
  countShown(res: Response, profiles: number): Promise<boolean>;
  /** Runs a search when fewer than four run. */
  atOnce<T>(search: () => Promise<T>): Promise<T>;
};

/** The limits of search: nobody reads the profiles of everybody. */
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
  const running = createTaskQueue(AT_ONCE);
  return {
    searches: async (_req, res, next) => {
      const waitMs = await searches.take(userOf(res));
      if (waitMs > 0) return tooManyRequests(res, waitMs);
      next();
    },
    atOnce: (search) => new Promise((resolve, reject) => running.add(() => search().then(resolve, reject))),
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
