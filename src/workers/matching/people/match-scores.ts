import { z } from "zod";
import { type ListVersion, servedVersion, versionOfRun } from "../../../db/versions.ts";
import { ownIdField } from "../../../ids.ts";
import { batchOption } from "../../../people/batch-option.ts";
import { recordChanges } from "../../../people/changes.ts";
import {
  type ComputedPairs,
  computePairs,
  cutLists,
  cutPresentPeople,
  type PairRange,
  pairRange,
  storePairs,
} from "../../../people/pair-range.ts";
import {
  forgetRetired,
  isTooManyToPlace,
  nextPlacement,
  type PairPlan,
  type PlacementOptions,
  planRun,
  servePairs,
} from "../../../people/pair-run.ts";
import { DEFAULT_SERVED, MAX_SERVED } from "../../../people/pair-sizes.ts";
import { requireAlgorithm, waitForBuilding } from "../../../people/run-exclusion.ts";
import { defineJob, type JobContext, type SumContext } from "../../../queues/job.ts";
import {
  AnotherVersion,
  type Counts,
  done,
  type Further,
  further,
  type Outcome,
  skipped,
} from "../../../queues/outcome.ts";
import { compareAgain } from "./compatibility.ts";

/** A third of a second of a thread with 100,000 people. */
const DEFAULT_BATCH = 500;
const DEFAULT_CANDIDATE_BATCH = 5_000;

/** Options of runs over everybody: the lists of one user are of the version that is served. */
const OF_ALL = "cannot be combined with userId: it concerns the lists of all users";

const payload = z
  .object({
    userId: ownIdField().optional().describe("update the lists of this user, and those that list them"),
    batchSize: batchOption("users whose lists are computed together", { usual: DEFAULT_BATCH, most: 2_000 }),
    candidateBatchSize: batchOption("users that one statement reads", {
      usual: DEFAULT_CANDIDATE_BATCH,
      most: 20_000,
    }),
    topK: z
      .int()
      .min(1)
      .max(MAX_SERVED)
      .optional()
      .describe("how many candidates of each tier are served (default: 200)"),
    full: z.boolean().optional().describe("recompute all lists, even if only a few users have changed"),
    pauseMs: z.int().min(0).max(60_000).optional().describe("rest after each batch (default: 0)"),
  })
  .refine(({ userId, topK }) => userId === undefined || topK === undefined, {
    path: ["topK"],
    message: OF_ALL,
  })
  .refine(({ userId, full }) => userId === undefined || full !== true, { path: ["full"], message: OF_ALL });
type Input = z.infer<typeof payload>;

const optionsOf = ({ batchSize, candidateBatchSize, pauseMs }: Input): PlacementOptions => ({
  perStatement: candidateBatchSize ?? DEFAULT_CANDIDATE_BATCH,
  pauseMs: pauseMs ?? 0,
  atOnce: batchSize ?? DEFAULT_BATCH,
});

/** Keeps the lists of people for people current. */
export const matchScores = defineJob({
  name: "match-scores",
  queue: "matching",
  description: "Computes which users fit which other users, and stores the best of each.",
  payload,
  // Threads run at idle priority, so a range may wait for minutes before its transaction begins.
  timeLimitMs: 600_000,
  key: ({ userId, full, topK }) =>
    userId ? `user:${userId}` : `${full ? "full" : "all"}${topK === undefined ? "" : `:${topK}`}`,
  range: pairRange,
  cut: async (input: Input, context): Promise<readonly PairRange[]> => {
    const { tx } = context;
    const plan = await planOf(input, context);
    if (plan === "outdated") return [];
    if (plan === "compute" || (input.userId === undefined && (await isTooManyToPlace(tx))))
      return [openRange(input, context)];
    await waitForBuilding(tx, "pairs");
    if (input.userId) await recordChanges(tx, [input.userId]);
    const range = await nextPlacement(context, optionsOf(input), input.userId ? [input.userId] : undefined);
    return range === null ? [] : [range];
  },
  compute: (range: PairRange, context) => computePairs(context, range),
  run: (range: PairRange, context, computed: ComputedPairs | null) =>
    storePairRange(context, range, computed),
  sum: async (input: Input, counts, context): Promise<Outcome | Further<PairRange>> => {
    const building = await versionOfRun(context.tx, "pairs", context.runId);
    if (building !== null) return continueFull(input, counts, context, building);
    if ("viewers" in counts) await forgetRetired(context.tx);
    return continuePlacing(input, counts, context);
  },
});

/** Stores a part of a run. Users who were placed are compared again with their contacts and best matches. */
export async function storePairRange(
  context: JobContext,
  range: PairRange,
  computed: ComputedPairs | null,
): Promise<Outcome> {
  const counts = await storePairs(context, range, computed);
  if ("place" in range) await compareAgain(context, range.place.userIds);
  return done(counts);
}

const openRange = ({ topK }: Input, { settings }: Pick<JobContext, "settings">): PairRange => ({
  open: { servedLength: topK ?? DEFAULT_SERVED, algoVersion: settings.pairs.matchAlgoVersion },
});

async function planOf(
  { userId, full, topK }: Input,
  { tx, now, settings }: Pick<JobContext, "tx" | "now" | "settings">,
): Promise<PairPlan> {
  const served = await servedVersion(tx, "pairs");
  const algoVersion = settings.pairs.matchAlgoVersion;
  const plan = planRun(served, { algoVersion, now }, { full: full ?? false, servedLength: topK ?? null });
  // One user is placed in yesterday's lists as well, as long as the algorithm is the same.
  const isSame = served !== null && served.algoVersion === algoVersion;
  return userId && isSame ? "place" : plan;
}

/** A version gets its people, then their lists; then it is served, and the one before is deleted. */
async function continueFull(
  input: Input,
  counts: Counts,
  context: SumContext,
  building: ListVersion,
): Promise<Further<PairRange>> {
  const { tx, settings } = context;
  requireAlgorithm(building, settings.pairs.matchAlgoVersion);
  if (!("people" in counts))
    return further(await cutPresentPeople(tx, building.id), { ...counts, people: 0 });
  if (!("viewers" in counts)) {
    const served = input.full ? null : await servedVersion(tx, "pairs");
    const earlier = served === null ? {} : { earlier: served.id };
    const size = input.batchSize ?? DEFAULT_BATCH;
    const ranges = await cutLists(tx, building, { ...optionsOf(input), size, ...earlier });
    return further(ranges, { ...counts, viewers: 0, pairs: 0 });
  }
  return further(await servePairs(context, building), counts);
}

async function continuePlacing(
  input: Input,
  counts: Counts,
  context: SumContext,
): Promise<Outcome | Further<PairRange>> {
  if ((await planOf(input, context)) === "outdated") {
    if (Object.keys(counts).length === 0) return skipped("lists of a later MATCH_ALGO_VERSION are served");
    throw new AnotherVersion("a process with a later MATCH_ALGO_VERSION completes the run that it started");
  }
  // What changed while all lists were computed, or what the user left behind in the lists of others.
  const mayContinue = input.userId === undefined || (counts["refills"] ?? 0) > 0;
  const range = mayContinue ? await nextPlacement(context, optionsOf(input)) : null;
  return range === null ? done({ placed: 0, ...counts }) : further([range], counts);
}
