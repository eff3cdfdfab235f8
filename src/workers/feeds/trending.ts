import { z } from "zod";
import { cutTrends, refreshTrends } from "../../feeds/trending.ts";
import { defineJob } from "../../queues/job.ts";
import { done } from "../../queues/outcome.ts";

/**
 * Each engagement event updates the scores; this job deletes expired ones and writes the figures derived from
 * them.
 */
export const trending = defineJob({
  name: "trending",
  queue: "feeds",
  description:
    "Updates popularity, velocity and peak hour of trending posts, and removes posts that no longer trend.",
  payload: z.object({}),
  key: () => "all",
  range: z.object({ from: z.string(), to: z.string().nullable() }),
  counts: z.object({ posts: z.int().optional(), trending: z.int().optional(), removed: z.int().optional() }),
  cut: (_payload, { tx, now }) => cutTrends(tx, now),
  run: async (range, { tx, now }) => done({ ...(await refreshTrends(tx, range, now)) }),
  sum: async (_payload, counts) => done({ posts: 0, trending: 0, removed: 0, ...counts }),
});
