import { z } from "zod";
import type { ComputeContext, JobContext } from "../queues/job.ts";
import { type ListColumns, servedOf } from "../scoring/postings/recommend/list-columns.ts";
import {
  type ComputedVectors,
  computeVectors,
  type EmbedRange,
  embedRange,
  storeVectors,
} from "./embeddings/embed-range.ts";
import { vectorsOfUsers } from "./embeddings/range-vectors.ts";
import { type LoadedIndex, withIndex } from "./load-index.ts";
import { onThread } from "./on-thread.ts";
import { algoVersionOf, latestRarity, type StoredRarity, storeRarity } from "./rarities.ts";
import type { RangeInput, RangeResult } from "./recommend.task.ts";
import { type MergeLimits, readUsers, type UserScope, userScope } from "./recommend-facts.ts";
import { deleteOrphanedLists, swapLists } from "./swap-lists.ts";

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
type ListsRange = Exclude<RecommendRange, EmbedRange | { weigh: true }>;

/** Users whose lists are computed together: less than a second of work, and 4 MB of lists. */
export const USERS_PER_RANGE = 1_000;

/** A part of a run before it is stored. */
export type ComputedRange =
  | { readonly weights: Uint8Array; readonly postings: number }
  | { readonly vectors: ComputedVectors }
  | { readonly results: readonly RangeResult[]; readonly rarity: StoredRarity };

/** Computes a part of a run. No transaction is open: it waits for threads. */
export async function computeRange(context: ComputeContext, range: RecommendRange): Promise<ComputedRange> {
  if ("weigh" in range) {
    const scope = { asOf: context.now, changedSince: null };
    return withIndex(context, scope, async ({ index }) => ({
      weights: await onThread<Uint8Array>(context, "weighSkills", { bySkill: index.bySkill, ids: index.ids }),
      postings: index.ids.length,
    }));
  }
  if ("embed" in range) {
    const { embeddingModel } = context.settings;
    // The range was cut by a process that has an endpoint.
    if (embeddingModel === null) throw new Error("EMBEDDINGS_URL is not set in this process");
    return { vectors: await computeVectors(context, range, embeddingModel) };
  }
  const rarity = await context.read(latestRarity);
  if (rarity === null) throw new Error("no weights of skills are stored for this vocabulary");
  return { results: await recommendTo(context, range, rarity), rarity };
}

async function recommendTo(
  context: ComputeContext,
  { users, since }: ListsRange,
  rarity: StoredRarity,
): Promise<RangeResult[]> {
  if (since === null) return [await recommendWith(context, users, rarity, null)];
  const merged = await recommendWith(context, users, rarity, new Date(since));
  if (merged.incomplete.length === 0) return [merged];
  const incomplete = { ids: merged.incomplete.map(String) };
  return [merged, await recommendWith(context, incomplete, rarity, null)];
}

/** The lists of users from all postings, or from what changed since an instant and their stored lists. */
function recommendWith(
  context: ComputeContext,
  scope: UserScope,
  rarity: StoredRarity,
  changedSince: Date | null,
): Promise<RangeResult> {
  const { now: asOf, settings } = context;
  const version = algoVersionOf(rarity, null);
  const semanticVersion = algoVersionOf(rarity, settings.embeddingModel);
  const merge: MergeLimits | null = changedSince && {
    since: changedSince,
    versions: [version, semanticVersion],
  };
  return withIndex(context, { asOf, changedSince }, async (loaded) => {
    const users = await context.read((tx) => readUsers(tx, scope, asOf, merge));
    const input: RangeInput = {
      key: `${loaded.key} ${rarity.id}`,
      index: loaded.index,
      rarity: rarity.weights,
      users,
      asOf: asOf.getTime(),
      openPostings: loaded.openPostings,
      embeddings: await embeddingsOf(context, loaded, { scope, users, version: semanticVersion }),
      version,
    };
    return onThread<RangeResult>(context, "recommendToUsers", input);
  });
}

async function embeddingsOf(
  context: ComputeContext,
  { vectors }: LoadedIndex,
  of: { readonly scope: UserScope; readonly users: string; readonly version: string },
): Promise<RangeInput["embeddings"]> {
  const model = context.settings.embeddingModel;
  if (model === null || vectors === null) return null;
  return {
    postings: vectors,
    users: await vectorsOfUsers(context, model, of.scope, of.users),
    version: of.version,
  };
}

export type RangeCounts = {
  /** Users whose lists were computed. */
  readonly users: number;
  /** Those of them whose lists were computed with embeddings. */
  readonly semantic: number;
  /** Entries of their lists that are served. */
  readonly recommendations: number;
  /** Users whose old list stays, since nothing new was found. */
  readonly kept: number;
  readonly failed: number;
  readonly deleted: number;
};

/** Stores a part of a run. @returns what it counts. */
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
  { results, rarity }: Extract<ComputedRange, { results: unknown }>,
): Promise<RangeCounts> {
  const version = algoVersionOf(rarity, null);
  const semanticVersion = algoVersionOf(rarity, settings.embeddingModel);
  for (const { lists, semanticLists } of results) {
    await swapLists(tx, lists, { asOf: now, algoVersion: version });
    await swapLists(tx, semanticLists, { asOf: now, algoVersion: semanticVersion });
  }
  const failures = results.flatMap((result) => result.failures);
  for (const { userId, error } of failures) log.error({ userId, error }, "recommendations of a user failed");
  const sum = (of: (result: RangeResult) => number) => results.reduce((total, each) => total + of(each), 0);
  const both = (of: (lists: ListColumns) => number) =>
    sum(({ lists, semanticLists }) => of(lists) + of(semanticLists));
  return {
    users: both(({ userIds }) => userIds.length),
    semantic: sum(({ semanticLists }) => semanticLists.userIds.length),
    recommendations: both(servedOf),
    kept: sum(({ kept }) => kept),
    failed: failures.length,
    deleted: "users" in range ? await deleteOrphanedLists(tx, range.users) : 0,
  };
}
