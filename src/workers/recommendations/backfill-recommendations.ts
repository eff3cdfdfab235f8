import { z } from "zod";
import { latestRarity } from "../../postings/recommend/rarities.ts";
import { cutUsersWithoutList } from "../../postings/recommend/read-users.ts";
import {
  type ComputedRange,
  computeRange,
  type RecommendRange,
  recommendRange,
  storeRange,
  USERS_PER_RANGE,
} from "../../postings/recommend/recommend-range.ts";
import { nextRanges, type Phase } from "../../postings/recommend/run-phases.ts";
import { defineJob, type JobContext } from "../../queues/job.ts";
import { done, further, skipped } from "../../queues/outcome.ts";

const NOTHING = { users: 0, semantic: 0, recommendations: 0, failed: 0 };

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
  cut: async (_, context): Promise<readonly RecommendRange[]> => {
    // Before the first full run there are no weights: it serves everyone.
    if ((await latestRarity(context.tx)) === null) return [];
    const phase = await phaseOf(context);
    return phase.users.length === 0 ? [] : ((await nextRanges(context.tx, {}, phase)) ?? []);
  },
  compute: (range: RecommendRange, context) => computeRange(context, range),
  run: async (range: RecommendRange, context, computed: ComputedRange) =>
    done({ ...(await storeRange(context, range, computed)) }),
  sum: async (_, counts, context) => {
    if (Object.keys(counts).length === 0) return skipped("every user with a CV has recommendations");
    const ranges = await nextRanges(context.tx, counts, await phaseOf(context));
    return ranges === null || ranges.length === 0 ? done({ ...NOTHING, ...counts }) : further(ranges, counts);
  },
});

const phaseOf = async ({
  tx,
  now,
  settings,
}: Pick<JobContext, "tx" | "now" | "settings">): Promise<Phase> => ({
  model: settings.embeddingModel,
  asOf: now,
  users: await cutUsersWithoutList(tx, USERS_PER_RANGE),
  since: null,
});
