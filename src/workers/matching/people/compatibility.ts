import { z } from "zod";
import type { Tx } from "../../../db/transaction.ts";
import type { UserScope } from "../../../db/user-scope.ts";
import {
  deleteVersion,
  type ListVersion,
  retiredVersions,
  servedVersion,
  serveVersion,
  versionOfRun,
} from "../../../db/versions.ts";
import { ownIdField } from "../../../ids.ts";
import { cutAllUsers } from "../../../people/all-users.ts";
import { batchOption } from "../../../people/batch-option.ts";
import {
  type CompatibilityRange,
  type ComputedCompatibility,
  compatibilityRange,
  computeCompatibility,
  storeCompatibility,
} from "../../../people/compatibility-range.ts";
import { requireAlgorithm, waitForBuilding } from "../../../people/run-exclusion.ts";
import { enqueueMany } from "../../../queues/enqueue.ts";
import { defineJob, type JobContext } from "../../../queues/job.ts";
import { done, type Further, further, type Outcome, skipped } from "../../../queues/outcome.ts";

const DEFAULT_BATCH = 1_000;
const DEFAULT_TARGET_BATCH = 5_000;
const DEFAULT_SUGGESTIONS = 100;
const USERS_PER_DROP = 20_000;

const NOTHING = { users: 0, pairs: 0, unchanged: 0, deleted: 0 };

const payload = z.object({
  userId: ownIdField().optional().describe("only for this user"),
  batchSize: batchOption("users whose lists are computed together", { usual: DEFAULT_BATCH, most: 5_000 }),
  targetBatchSize: batchOption("users that one statement reads", {
    usual: DEFAULT_TARGET_BATCH,
    most: 20_000,
  }),
  maxSuggestionTargets: z
    .int()
    .min(0)
    .max(400)
    .optional()
    .describe("how many of the best pair scores are compared (default: 100)"),
});
type Input = z.infer<typeof payload>;

/** Computes how compatible users are with their contacts and best matches. */
export const compatibility = defineJob({
  name: "compatibility",
  queue: "matching",
  description: "Computes how compatible users are with their matches, contacts and best pair scores.",
  payload,
  // Threads run at idle priority, so a range may wait for minutes before its transaction begins.
  timeLimitMs: 600_000,
  key: ({ userId }) => (userId ? `user:${userId}` : "all"),
  range: compatibilityRange,
  cut: async (input: Input, { tx, settings }): Promise<readonly CompatibilityRange[]> => {
    if ((await servedVersion(tx, "pairs")) === null) return [];
    const algoVersion = settings.pairs.compatibilityAlgoVersion;
    await waitForBuilding(tx, "compatibility");
    const served = await servedVersion(tx, "compatibility");
    if (served !== null && input.userId) requireAlgorithm(served, algoVersion);
    if (served !== null && served.algoVersion > algoVersion) return [];
    if (served?.algoVersion !== algoVersion) return [{ open: algoVersion }];
    return cutUsers(tx, served, input, input.userId ? [{ ids: [input.userId] }] : null);
  },
  compute: (range: CompatibilityRange, context) => computeCompatibility(context, range),
  run: async (range: CompatibilityRange, context, computed: ComputedCompatibility | null) => {
    const counts = await storeCompatibility(context, range, computed);
    if (counts !== null) return done(counts);
    // Another version has replaced it, perhaps computed before these users changed.
    if ("users" in range && "ids" in range.users) await compareAgain(context, range.users.ids);
    return done({ ...NOTHING, "replaced ranges": 1 });
  },
  sum: async (input: Input, counts, context): Promise<Outcome | Further<CompatibilityRange>> => {
    const { tx, now, runId, settings } = context;
    const building = await versionOfRun(tx, "compatibility", runId);
    if (building !== null) requireAlgorithm(building, settings.pairs.compatibilityAlgoVersion);
    if (building !== null && !("users" in counts))
      return further(await cutUsers(tx, building, input, null), { users: 0 });
    if (building !== null) await serveVersion(tx, "compatibility", building.id, now);
    const retired = await retiredVersions(tx, "compatibility");
    if (retired.length > 0 && !("dropped" in counts))
      return further(await cutDrops(tx, retired), { ...counts, dropped: 0 });
    for (const version of retired) await deleteVersion(tx, version);
    if ((await servedVersion(tx, "pairs")) === null) return skipped("no match scores are stored yet");
    const served = await servedVersion(tx, "compatibility");
    if (
      served !== null &&
      served.algoVersion > settings.pairs.compatibilityAlgoVersion &&
      !("users" in counts)
    )
      return skipped("lists of a later COMPATIBILITY_ALGO_VERSION are served");
    return done({ ...NOTHING, ...counts });
  },
});

/** The ranges that compute the lists of a version. @param scopes default: all users. */
async function cutUsers(
  tx: Tx,
  { id: version, algoVersion }: ListVersion,
  { batchSize, targetBatchSize, maxSuggestionTargets }: Input,
  scopes: readonly UserScope[] | null,
): Promise<CompatibilityRange[]> {
  return (scopes ?? (await cutAllUsers(tx, batchSize ?? DEFAULT_BATCH))).map((users) => ({
    version,
    algoVersion,
    users,
    suggestions: maxSuggestionTargets ?? DEFAULT_SUGGESTIONS,
    perStatement: targetBatchSize ?? DEFAULT_TARGET_BATCH,
  }));
}

/** The ranges that delete the lists of versions. */
async function cutDrops(tx: Tx, versions: readonly string[]): Promise<CompatibilityRange[]> {
  const scopes = await cutAllUsers(tx, USERS_PER_DROP);
  return versions.flatMap((drop) => scopes.map((users) => ({ drop, users })));
}

/**
 * Compares users who changed with their contacts and best matches, once everybody has been compared by this
 * algorithm, or by a later one: then it waits for a process that has it.
 */
export async function compareAgain(
  { tx, settings }: Pick<JobContext, "tx" | "settings">,
  userIds: readonly string[],
): Promise<void> {
  const served = await servedVersion(tx, "compatibility");
  if (served === null || served.algoVersion < settings.pairs.compatibilityAlgoVersion) return;
  await enqueueMany(
    tx,
    compatibility,
    userIds.map((userId) => ({ userId })),
  );
}
