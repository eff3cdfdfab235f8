import { z } from "zod";
import { emit } from "../../events/event.ts";
import { recommendationsReady } from "../../events/matching.ts";
import { countServed, cutListedUsers, hasRunSince } from "../../postings/served-counts.ts";
import { defineJob } from "../../queues/job.ts";
import { done, skipped } from "../../queues/outcome.ts";

const NAME = "emit-recommendations-ready";
/** Users are notified once a week, however often the job runs. */
const PAUSE_DAYS = 6;
/** Counted in less than half a second. */
const USERS_PER_RANGE = 2_000;

/** Notifies users of their new recommendations; the weekly digest mails the best of them. */
export const emitRecommendationsReady = defineJob({
  name: NAME,
  queue: "recommendations",
  description: "Notifies users of their new job recommendations, in the app and by the weekly digest.",
  payload: z.object({}),
  key: () => "all",
  range: z.object({ from: z.string(), to: z.string() }),
  counts: z.object({ notified: z.int().optional() }),
  cut: async (_, { tx, now }) =>
    (await hasRunSince(tx, NAME, PAUSE_DAYS, now)) ? [] : cutListedUsers(tx, USERS_PER_RANGE),
  run: async (range, { tx, now }) => {
    const users = await countServed(tx, range, now);
    await emit(
      tx,
      recommendationsReady,
      users.map(({ userId, count }) => ({ payload: { user_id: userId, count }, occurredAt: now })),
    );
    return done({ notified: users.length });
  },
  sum: async (_, counts) =>
    counts.notified === undefined
      ? skipped("nobody has recommendations, or users were notified in the last six days")
      : done({ notified: counts.notified }),
});
