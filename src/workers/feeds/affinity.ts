import { z } from "zod";
import { storeAffinities, usersToProfile } from "../../feeds/affinity.ts";
import { chunksOf } from "../../feeds/chunks.ts";
import { defineJob } from "../../queues/job.ts";
import { done } from "../../queues/outcome.ts";

/** Users per range: less than a second for some hundred events each. */
const USERS_PER_RANGE = 500;

/** Computes the affinities of users from their engagement of the last 90 days. */
export const affinity = defineJob({
  name: "affinity",
  queue: "feeds",
  description:
    "Computes the affinity of users to people, topics and types of posts, for users with new activity or with results older than a day.",
  payload: z.object({}),
  key: () => "all",
  range: z.object({ userIds: z.array(z.string()) }),
  counts: z.object({ users: z.int().optional(), silent: z.int().optional() }),
  cut: async (_payload, { tx, now }) =>
    chunksOf(await usersToProfile(tx, now), USERS_PER_RANGE).map((userIds) => ({ userIds })),
  run: async ({ userIds }, { tx, now }) => done({ ...(await storeAffinities(tx, userIds, now)) }),
  sum: async (_payload, counts) => done({ users: 0, silent: 0, ...counts }),
});
