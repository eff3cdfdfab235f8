import { z } from "zod";
import { type UserScope, userScope } from "../db/user-scope.ts";
import type { ComputeContext, JobContext } from "../queues/job.ts";
import { type ListColumns, servedOf } from "../scoring/postings/recommend/list-columns.ts";
import { type ComputedVectors, computeVectors, embedRange, storeVectors } from "./embeddings/embed-range.ts";
import { vectorsOfUsers } from "./embeddings/range-vectors.ts";
import { indexKey, type LoadedIndex, withIndex } from "./load-index.ts";
import { recommendOnThread } from "./on-thread.ts";
import { algoVersionOf, latestRarity, type StoredRarity, storeRarity } from "./rarities.ts";
import { readUsers } from "./read-users.ts";
import type { RangeInput, RangeResult } from "./recommend.task.ts";
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
    const key = await context.read((tx) => indexKey(context, tx, scope));
    return withIndex(context, scope, key, async ({ index }) => ({
      weights: await recommendOnThread<Uint8Array>(context, "weighSkills", {
        bySkill: index.bySkill,
        ids: index.ids,
      }),
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
  const { users: scope, since } = range;
  const changedSince = since === null ? null : new Date(since);
  // What is sent to be embedded depends on the text.
  const texts = context.settings.embeddingModel !== null;
  return { results: await recommendTo(context, { scope, rarity, changedSince, texts }), rarity };
}

/** Lists of users: which, and from what they are computed. */
type Recommending = {
  readonly scope: UserScope;
  readonly rarity: StoredRarity;
  /** Merge what has changed since then into stored lists; null: compute from all postings. */
  readonly changedSince: Date | null;
  /** Whether to read the texts of CVs. */
  readonly texts: boolean;
};

/** The lists of users; of those for whom that does not do, with the text of their CV or from all postings. */
async function recommendTo(context: ComputeContext, how: Recommending): Promise<RangeResult[]> {
  const result = await recommendOnce(context, how);
  const results = [result];
  const again = async (ids: readonly number[], changes: Partial<Recommending>) => {
    if (ids.length === 0) return;
    const scope = { ids: ids.map(String) };
    results.push(...(await recommendTo(context, { ...how, ...changes, scope })));
  };
  await again(result.unread, { texts: true });
  await again(result.incomplete, { changedSince: null });
  return results;
}

async function recommendOnce(
  context: ComputeContext,
  { scope, rarity, changedSince, texts }: Recommending,
): Promise<RangeResult> {
  const { now: asOf, settings } = context;
  const version = algoVersionOf(rarity, null);
  const semanticVersion = algoVersionOf(rarity, settings.embeddingModel);
  const merge = changedSince && { since: changedSince, versions: [version, semanticVersion] };
  const postings = { asOf, changedSince };
  const { users, key } = await context.read(async (tx) => ({
    users: await readUsers(tx, scope, { asOf, merge, texts }),
    key: await indexKey(context, tx, postings),
  }));
  return withIndex(context, postings, key, async (loaded) => {
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
    return recommendOnThread<RangeResult>(context, "recommendToUsers", input);
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
  /** Users whose stored list stays, since nothing of it has changed or nothing new was found. */
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
    deleted: await deleteOrphans(tx, range, results),
  };
}

/** Deletes the lists of users of a range who have no active CV. Those who were computed have one. */
async function deleteOrphans(
  tx: JobContext["tx"],
  range: RecommendRange,
  results: readonly RangeResult[],
): Promise<number> {
  if (!("users" in range)) return 0;
  const { users } = range;
  const computed = results.reduce((sum, each) => sum + countComputed(each), 0);
  return "ids" in users && users.ids.length === computed ? 0 : deleteOrphanedLists(tx, users);
}

const countComputed = ({ lists, semanticLists, kept, failures }: RangeResult): number =>
  lists.userIds.length + semanticLists.userIds.length + kept + failures.length;
