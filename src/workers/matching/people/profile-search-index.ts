import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { Settings } from "../../../config/settings.ts";
import { userScope } from "../../../db/user-scope.ts";
import { ownIdField } from "../../../ids.ts";
import { cutAllUsers } from "../../../people/all-users.ts";
import { batchOption } from "../../../people/batch-option.ts";
import { type IndexOptions, readSearchFacts } from "../../../people/search-facts.ts";
import { type ComputedRows, computeRows, storeRows } from "../../../people/search-index.ts";
import { defineJob } from "../../../queues/job.ts";
import { done } from "../../../queues/outcome.ts";

/** About a tenth of a second of work in Postgres. */
const USERS_PER_RANGE = 1_000;
const MAX_PAUSE_MS = 60_000;

const indexRange = z.object({ users: userScope, pauseMs: z.int() });
type IndexRange = z.infer<typeof indexRange>;

const optionsOf = ({ now, settings }: { now: Date; settings: Settings }): IndexOptions => ({
  threshold: settings.search.completeness,
  now,
});

/** Rebuilds the search index of people, for all users or one. Only rows that differ are written. */
export const profileSearchIndex = defineJob({
  name: "profile-search-index",
  queue: "matching",
  description: "Builds the search index of profiles from names, bios, places, interests and top-five lists.",
  payload: z.object({
    userId: ownIdField().optional().describe("index this user only"),
    userBatchSize: batchOption("users of one range, which is one transaction", {
      usual: USERS_PER_RANGE,
      most: 5_000,
    }),
    pauseMs: z
      .int()
      .min(0)
      .max(MAX_PAUSE_MS)
      .optional()
      .describe("pause before each range in milliseconds (default: none)"),
  }),
  // A range may pause.
  timeLimitMs: 2 * MAX_PAUSE_MS,
  key: ({ userId }) => (userId === undefined ? "all" : `user:${userId}`),
  range: indexRange,
  cut: async ({ userId, userBatchSize = USERS_PER_RANGE, pauseMs = 0 }, { tx }): Promise<IndexRange[]> => {
    const scopes = userId === undefined ? await cutAllUsers(tx, userBatchSize) : [{ ids: [userId] }];
    return scopes.map((users) => ({ users, pauseMs }));
  },
  compute: async ({ users, pauseMs }: IndexRange, context): Promise<ComputedRows> => {
    if (pauseMs > 0) await pause(pauseMs, context.signal);
    return computeRows(await context.read((tx) => readSearchFacts(tx, users, optionsOf(context))));
  },
  run: async ({ users }: IndexRange, context, computed: ComputedRows) =>
    done({ ...(await storeRows(context.tx, users, computed, optionsOf(context))) }),
  sum: async (_payload, counts) => done(counts),
});

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}
