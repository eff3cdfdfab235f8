import { z } from "zod";
import { servedVersion } from "../../../db/versions.ts";
import { type ComputedPairs, computePairs, type PairRange, pairRange } from "../../../people/pair-range.ts";
import { isTooManyToPlace, nextPlacement } from "../../../people/pair-run.ts";
import { requireAlgorithm, waitForBuilding, waitForPlacing } from "../../../people/run-exclusion.ts";
import { enqueue } from "../../../queues/enqueue.ts";
import { defineJob } from "../../../queues/job.ts";
import { done, further } from "../../../queues/outcome.ts";
import { matchScores, storePairRange } from "./match-scores.ts";

const NAME = "place-pairs";
const OPTIONS = { atOnce: 50, perStatement: 5_000, pauseMs: 0 };

/** Follows the events of people, as recorded by record-pair-changes. */
export const placePairs = defineJob({
  name: NAME,
  queue: "matching",
  description: "Updates the lists of users who changed, and their places in the lists of others.",
  payload: z.object({}),
  timeLimitMs: 600_000,
  key: () => "waiting",
  range: pairRange,
  cut: async (_input, context): Promise<readonly PairRange[]> => {
    const { tx, runId, settings } = context;
    await waitForBuilding(tx, "pairs");
    await waitForPlacing(tx, NAME, runId);
    const served = await servedVersion(tx, "pairs");
    const algoVersion = settings.pairs.matchAlgoVersion;
    if (served !== null) requireAlgorithm(served, algoVersion);
    if (served === null || served.algoVersion < algoVersion || (await isTooManyToPlace(tx))) {
      await enqueue(tx, matchScores, {});
      return [];
    }
    const range = await nextPlacement(context, OPTIONS);
    return range === null ? [] : [range];
  },
  compute: (range: PairRange, context) => computePairs(context, range),
  run: (range: PairRange, context, computed: ComputedPairs | null) =>
    storePairRange(context, range, computed),
  sum: async (_input, counts, context) => {
    const placed = { placed: 0, lists: 0, refills: 0, ...counts };
    // Nothing was placed: all lists are computed instead, or nobody waits.
    const range = placed.placed === 0 ? null : await nextPlacement(context, OPTIONS);
    return range === null ? done(placed) : further([range], placed);
  },
});
