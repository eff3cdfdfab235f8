import { z } from "zod";
import { latestRarity } from "../../postings/rarities.ts";
import { cutUsersWithoutList } from "../../postings/recommend-facts.ts";
import {
  type ComputedRange,
  computeRange,
  type RecommendRange,
  recommendRange,
  storeRange,
  USERS_PER_RANGE,
} from "../../postings/recommend-range.ts";
import { defineJob } from "../../queues/job.ts";
import { done, skipped } from "../../queues/outcome.ts";

const NOTHING = { users: 0, recommendations: 0, failed: 0 };

/** The safety net of the event that serves a new CV at once. */
export const backfillRecommendations = defineJob({
  name: "backfill-recommendations",
  queue: "recommendations",
  description: "Computes the recommendations of users with a CV who have none.",
  payload: z.object({}),
  timeLimitMs: 600_000,
  key: () => "all",
  range: recommendRange,
  counts: z.record(z.string(), z.number()),
  cut: async (_, { tx }): Promise<RecommendRange[]> => {
    // Before the first full run there are no weights: it serves everyone.
    if ((await latestRarity(tx)) === null) return [];
    const scopes = await cutUsersWithoutList(tx, USERS_PER_RANGE);
    return scopes.map((users) => ({ users, since: null }));
  },
  compute: (range: RecommendRange, context) => computeRange(context, range),
  run: async (range: RecommendRange, context, computed: ComputedRange) =>
    done({ ...(await storeRange(context, range, computed)) }),
  sum: async (_, counts) =>
    Object.keys(counts).length === 0
      ? skipped("every user with a CV has recommendations")
      : done({ ...NOTHING, ...counts }),
});
