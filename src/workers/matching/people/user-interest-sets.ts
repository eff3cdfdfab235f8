import { z } from "zod";
import { type UserScope, userScope } from "../../../db/user-scope.ts";
import { ownIdField } from "../../../ids.ts";
import { cutAllUsers } from "../../../people/all-users.ts";
import { batchOption } from "../../../people/batch-option.ts";
import { updateInterestSets } from "../../../people/interest-sets.ts";
import { defineJob } from "../../../queues/job.ts";
import { done } from "../../../queues/outcome.ts";

/** A fifth of a second. */
const DEFAULT_BATCH = 2_000;

/** Keeps the sets of users by interest current. */
export const userInterestSets = defineJob({
  name: "user-interest-sets",
  queue: "matching",
  description: "Updates the sets of users by interest and by subject.",
  payload: z.object({
    userId: ownIdField().optional().describe("only for this user"),
    batchSize: batchOption("users whose interests are compared together", {
      usual: DEFAULT_BATCH,
      most: 10_000,
    }),
  }),
  key: ({ userId }) => (userId ? `user:${userId}` : "all"),
  range: userScope,
  cut: async ({ userId, batchSize }, { tx }): Promise<readonly UserScope[]> =>
    userId ? [{ ids: [userId] }] : cutAllUsers(tx, batchSize ?? DEFAULT_BATCH),
  run: async (scope: UserScope, { tx }) => done({ ...(await updateInterestSets(tx, scope)) }),
  sum: async (_input, counts) => done({ added: 0, removed: 0, ...counts }),
});
