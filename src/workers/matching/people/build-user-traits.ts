import { z } from "zod";
import { type UserScope, userScope } from "../../../db/user-scope.ts";
import { ownIdField } from "../../../ids.ts";
import { cutAllUsers } from "../../../people/all-users.ts";
import { buildTraits } from "../../../people/traits.ts";
import { enqueueMany } from "../../../queues/enqueue.ts";
import { defineJob } from "../../../queues/job.ts";
import { done } from "../../../queues/outcome.ts";
import { indexProfile } from "./index-profile.ts";
import { recordPairChanges } from "./record-pair-changes.ts";

/** A fifth of a second. */
const DEFAULT_BATCH = 1_000;

/** Computes what the quiz answers of users say about them. */
export const buildUserTraits = defineJob({
  name: "build-user-traits",
  queue: "matching",
  description: "Computes the traits of users from their quiz answers.",
  payload: z.object({
    userId: ownIdField().optional().describe("of this user only"),
    batchSize: z
      .int()
      .min(1)
      .max(5_000)
      .optional()
      .describe("users whose traits are computed together (default: 1000)"),
  }),
  key: ({ userId }) => (userId ? `user:${userId}` : "all"),
  range: userScope,
  cut: async ({ userId, batchSize }, { tx }): Promise<readonly UserScope[]> =>
    userId ? [{ ids: [userId] }] : cutAllUsers(tx, batchSize ?? DEFAULT_BATCH),
  run: async (scope: UserScope, { tx }) => {
    const { changed, traits } = await buildTraits(tx, scope);
    await enqueueMany(
      tx,
      recordPairChanges,
      changed.map((userId) => ({ userId })),
    );
    // A run over everybody is followed by profile-search-index, which reads everybody.
    if ("ids" in scope)
      await enqueueMany(
        tx,
        indexProfile,
        changed.map((userId) => ({ userId })),
      );
    return done({ users: changed.length, traits });
  },
  sum: async (_input, counts) => done({ users: 0, traits: 0, ...counts }),
});
