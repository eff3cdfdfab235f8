import { z } from "zod";
import { userScope } from "../../db/user-scope.ts";
import type { ComputeContext, JobContext } from "../../queues/job.ts";
import { type ListColumns, servedOf } from "../../scoring/postings/recommend/list-columns.ts";
import { mergeIntoRange, type RecommendedLists, recommendToRange } from "./compute-lists.ts";
import { type ComputedVectors, computeVectors, embedRange, storeVectors } from "./embed-range.ts";
import { indexKey, withIndex } from "./load-index.ts";
import { recommendOnThread } from "./on-thread.ts";
import { algoVersionOf, latestRarity, type StoredRarity, storeRarity } from "./rarities.ts";
import { deleteOrphanedLists, replaceLists, swapLists } from "./swap-lists.ts";

/** A part of a run: the weights of skills, the vectors of texts, or the lists of some users. */
export const recommendRange = z.union([
  z.object({ weigh: z.literal(true) }),
  embedRange,
  z.object({
    users: userScope,
    /** Merge new postings into lists computed since then; null: compute them from all postings. */
    since: z.iso.datetime().nullable(),
  }),
]);
export type RecommendRange = z.infer<typeof recommendRange>;

/** Users whose lists are computed together: less than a second of work, and 4 MB of lists. */
export const USERS_PER_RANGE = 1_000;
/** Users whose lists are merged into together. */
export const MERGED_PER_RANGE = 2_000;

/** A part of a run before it is stored. */
export type ComputedRange =
  | Weighed
  | { readonly vectors: ComputedVectors }
  | { readonly lists: RecommendedLists; readonly rarity: StoredRarity | Weighed };

/** Weights of skills that are not stored yet. */
type Weighed = { readonly weights: Uint8Array; readonly postings: number };

/** Computes a part of a run. No transaction is open: it waits for threads. */
export async function computeRange(context: ComputeContext, range: RecommendRange): Promise<ComputedRange> {
  if ("weigh" in range) return weigh(context);
  if ("embed" in range) {
    const { embeddingModel } = context.settings;
    // The range was cut by a process that has an endpoint.
    if (embeddingModel === null) throw new Error("EMBEDDINGS_URL is not set in this process");
    return { vectors: await computeVectors(context, range, embeddingModel) };
  }
  const { users, since } = range;
  const stored = await context.read(latestRarity);
  // A process with another vocabulary started the run, so there are no weights for this one, and no list may
  // be merged.
  if (stored === null) {
    const rarity = await weigh(context);
    // The key under which threads cache opened data.
    const id = Buffer.from(rarity.weights).toString("base64");
    return { lists: await recommendToRange(context, users, { ...rarity, id }), rarity };
  }
  const lists =
    since === null
      ? await recommendToRange(context, users, stored)
      : await mergeIntoRange(context, users, stored, new Date(since));
  return { lists, rarity: stored };
}

async function weigh(context: ComputeContext): Promise<Weighed> {
  const scope = { asOf: context.now, changedSince: null };
  const key = await context.read((tx) => indexKey(context, tx, scope));
  return withIndex(context, scope, key, async ({ index }) => ({
    weights: await recommendOnThread<Uint8Array>(context, "weighSkills", {
      bySkill: index.bySkill,
      ids: index.ids,
    }),
    postings: index.ids.length,
  }));
}

export type RangeCounts = {
  /** Users whose lists were computed. */
  readonly users: number;
  /** Those of them whose lists were computed with embeddings. */
  readonly semantic: number;
  /** Entries of their lists that are served. */
  readonly recommendations: number;
  /** Users whose stored list stays, since it has not changed or nothing new was found. */
  readonly kept: number;
  readonly failed: number;
  readonly deleted: number;
};

/** Stores a part of a run. @returns its counts. */
export async function storeRange(
  context: Pick<JobContext, "tx" | "now" | "log" | "measure" | "settings">,
  range: RecommendRange,
  computed: ComputedRange,
): Promise<Readonly<Record<string, number>>> {
  const { tx } = context;
  if ("weights" in computed) {
    if (computed.postings > 0) await storeRarity(tx, computed.weights);
    return { weighed: 1, postings: computed.postings };
  }
  if ("vectors" in computed) {
    if (!("embed" in range)) throw new Error("vectors were computed for another range");
    return storeVectors(context, range, computed.vectors);
  }
  return storeLists(context, range, computed);
}

async function storeLists(
  { tx, now, log, settings }: Pick<JobContext, "tx" | "now" | "log" | "settings">,
  range: RecommendRange,
  { lists: { computed, merged }, rarity: used }: Extract<ComputedRange, { lists: unknown }>,
): Promise<RangeCounts> {
  const rarity = "id" in used ? used : await storeRarity(tx, used.weights);
  const version = { asOf: now, algoVersion: algoVersionOf(rarity, null) };
  const semantic = { asOf: now, algoVersion: algoVersionOf(rarity, settings.embeddingModel) };
  for (const { lists, semanticLists } of computed) {
    await swapLists(tx, lists, version);
    await swapLists(tx, semanticLists, semantic);
  }
  for (const { lists, semanticLists } of merged) {
    await replaceLists(tx, lists, version);
    await replaceLists(tx, semanticLists, semantic);
  }
  const results = [...computed, ...merged];
  const failures = results.flatMap((result) => result.failures);
  for (const { userId, error } of failures) log.error({ userId, error }, "recommendations of a user failed");
  const sum = (of: (result: Result) => number) => results.reduce((total, each) => total + of(each), 0);
  const both = (of: (lists: ListColumns) => number) =>
    sum(({ lists, semanticLists }) => of(lists) + of(semanticLists));
  return {
    users: both(({ userIds }) => userIds.length),
    semantic: sum(({ semanticLists }) => semanticLists.userIds.length),
    recommendations: both(servedOf),
    kept: sum(({ kept }) => kept),
    failed: failures.length,
    deleted: await deleteOrphans(tx, range, sum(countComputed)),
  };
}

type Result = RecommendedLists["computed"][number] | RecommendedLists["merged"][number];

/** Deletes the lists of users of a range who have no active CV. Those who were computed have one. */
async function deleteOrphans(tx: JobContext["tx"], range: RecommendRange, computed: number): Promise<number> {
  if (!("users" in range)) return 0;
  const { users } = range;
  return "ids" in users && users.ids.length === computed ? 0 : deleteOrphanedLists(tx, users);
}

const countComputed = ({ lists, semanticLists, kept, failures }: Result): number =>
  lists.userIds.length + semanticLists.userIds.length + kept + failures.length;
