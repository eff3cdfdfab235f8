import { z } from "zod";
import type { UserScope } from "../../db/user-scope.ts";
import { ownIdField } from "../../ids.ts";
import { latestRarity } from "../../postings/recommend/rarities.ts";
import { cutUsers, mergeStart } from "../../postings/recommend/read-users.ts";
import {
  type ComputedRange,
  computeRange,
  MERGED_PER_RANGE,
  type RecommendRange,
  recommendRange,
  storeRange,
  USERS_PER_RANGE,
} from "../../postings/recommend/recommend-range.ts";
import { nextRanges, type Phase } from "../../postings/recommend/run-phases.ts";
import { defineJob, type JobContext } from "../../queues/job.ts";
import { done, further, skipped } from "../../queues/outcome.ts";
import { STAYS_FOR_MS } from "../../scoring/postings/recommend/merge-list.ts";

const HOUR_MS = 3_600_000;
const NOTHING = { users: 0, semantic: 0, recommendations: 0, kept: 0, failed: 0, deleted: 0 };

/** Computes the recommendations of all users with an active CV, or of one. */
export const generateRecommendations = defineJob({
  name: "generate-recommendations",
  queue: "recommendations",
  description: "Computes which open job postings fit each user with a CV, and stores the best of each.",
  payload: z
    .object({
      userId: ownIdField().optional().describe("only for this user"),
      sinceHours: z
        .int()
        .min(1)
        .max(168)
        .optional()
        .describe("merge the postings of these hours into the stored lists; default: recompute them"),
    })
    .refine(
      ({ userId, sinceHours }) => userId === undefined || sinceHours === undefined,
      "userId and sinceHours exclude each other",
    ),
  fromHost: { userId: "users" },
  // Threads run at idle priority, so a range may wait for minutes before its transaction begins.
  timeLimitMs: 600_000,
  key: ({ userId, sinceHours }) => (userId ? `user:${userId}` : sinceHours ? `since:${sinceHours}` : "all"),
  range: recommendRange,
  counts: z.record(z.string(), z.number()),
  cut: async (input, context): Promise<readonly RecommendRange[]> => {
    // A full run recomputes the weights of skills; the others use its weights.
    const isFull = input.userId === undefined && input.sinceHours === undefined;
    if (isFull || (await latestRarity(context.tx)) === null) return [{ weigh: true }];
    return (await nextRanges(context.tx, {}, await phaseOf(input, context))) ?? [];
  },
  compute: (range: RecommendRange, context) => computeRange(context, range),
  run: async (range: RecommendRange, context, computed: ComputedRange) =>
    done({ ...(await storeRange(context, range, computed)) }),
  sum: async (input, counts, context) => {
    // Without postings there is nothing to compare with: what is stored stays.
    if (counts["postings"] === 0) return skipped("no open posting was stored in the last seven days");
    const ranges = await nextRanges(context.tx, counts, await phaseOf(input, context));
    if (ranges === null) return done({ ...NOTHING, ...counts });
    const { weighed: _, ...kept } = counts;
    return further(ranges, kept);
  },
});

/** A list is merged if it was computed within these hours, or if a run within them left it unchanged. */
const mergedFrom = (now: Date, sinceHours: number): Date =>
  new Date(now.getTime() - sinceHours * HOUR_MS - STAYS_FOR_MS);

type Input = { readonly userId?: string | undefined; readonly sinceHours?: number | undefined };

async function phaseOf(
  { userId, sinceHours }: Input,
  { tx, now, settings }: Pick<JobContext, "tx" | "now" | "settings">,
): Promise<Phase> {
  const perRange = sinceHours === undefined ? USERS_PER_RANGE : MERGED_PER_RANGE;
  const users: UserScope[] = userId ? [{ ids: [userId] }] : await cutUsers(tx, perRange);
  const since = sinceHours === undefined ? null : await mergeStart(tx, mergedFrom(now, sinceHours));
  return { model: settings.embeddingModel, asOf: now, users, since: since?.toISOString() ?? null };
}
