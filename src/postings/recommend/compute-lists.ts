import type { UserScope } from "../../db/user-scope.ts";
import type { ComputeContext } from "../../queues/job.ts";
import type { PairVectors } from "../../scoring/postings/recommend/cosine.ts";
import { indexKey, type LoadedIndex, withIndex } from "./load-index.ts";
import { type ListMergeInput, type ListMergeResult, mergeIntoLists } from "./merge.task.ts";
import { readMergeableLists } from "./mergeable-lists.ts";
import { mergeOnThread, recommendOnThread } from "./on-thread.ts";
import { vectorsOfUsers } from "./range-vectors.ts";
import { algoVersionOf, type StoredRarity } from "./rarities.ts";
import { readUsers } from "./read-users.ts";
import type { RangeInput, RangeResult } from "./recommend.task.ts";
import { readUserVectors } from "./vectors.ts";

/** The lists of a range of users before they are stored. */
export type RecommendedLists = {
  /** Computed from all postings. */
  readonly computed: readonly RangeResult[];
  /** Stored lists that postings were merged into. */
  readonly merged: readonly ListMergeResult[];
};

/** The lists of users from all postings; for those who state no skill, with the text of their CV. */
export async function recommendToRange(
  context: ComputeContext,
  scope: UserScope,
  rarity: StoredRarity,
): Promise<RecommendedLists> {
  // The text that is sent to be embedded depends on it.
  const texts = context.settings.embeddingModel !== null;
  const first = await recommendOnce(context, { scope, rarity, texts });
  if (first.unread.length === 0) return { computed: [first], merged: [] };
  const unread = { ids: first.unread.map(String) };
  const second = await recommendOnce(context, { scope: unread, rarity, texts: true });
  return { computed: [first, second], merged: [] };
}

/** The users whose lists are computed, and the inputs. */
type Recommending = {
  readonly scope: UserScope;
  readonly rarity: StoredRarity;
  /** Whether to read the texts of CVs. */
  readonly texts: boolean;
};

async function recommendOnce(
  context: ComputeContext,
  { scope, rarity, texts }: Recommending,
): Promise<RangeResult> {
  const asOf = context.now;
  const postings = { asOf, changedSince: null };
  const { users, key } = await context.read(async (tx) => ({
    users: await readUsers(tx, scope, { asOf, texts }),
    key: await indexKey(context, tx, postings),
  }));
  return withIndex(context, postings, key, async (loaded) => {
    const ofUsers = (model: string) => vectorsOfUsers(context, model, scope, users);
    const input: RangeInput = {
      key: `${loaded.key} ${rarity.id}`,
      index: loaded.index,
      rarity: rarity.weights,
      users,
      asOf: asOf.getTime(),
      vectors: await pairVectors(context, loaded, ofUsers),
    };
    return recommendOnThread<RangeResult>(context, "recommendToUsers", input);
  });
}

async function pairVectors(
  { settings }: ComputeContext,
  { vectors }: LoadedIndex,
  ofUsers: (model: string) => Promise<ReadonlyMap<number, Float32Array>>,
): Promise<PairVectors | null> {
  const model = settings.embeddingModel;
  return model === null || vectors === null ? null : { postings: vectors, users: await ofUsers(model) };
}

/**
 * Merges the postings that have changed since an instant into the lists of users. Lists for which merging is
 * not enough are computed from all postings.
 */
export async function mergeIntoRange(
  context: ComputeContext,
  scope: UserScope,
  rarity: StoredRarity,
  since: Date,
): Promise<RecommendedLists> {
  const { now: asOf, settings } = context;
  const limits = {
    since,
    version: algoVersionOf(rarity, null),
    semanticVersion: algoVersionOf(rarity, settings.embeddingModel),
  };
  const postings = { asOf, changedSince: since };
  const { stored, key } = await context.read(async (tx) => ({
    stored: await readMergeableLists(tx, scope, asOf, limits),
    key: await indexKey(context, tx, postings),
  }));
  const merged = await withIndex(context, postings, key, async (loaded) => {
    const input: ListMergeInput = {
      key: `${loaded.key} ${rarity.id}`,
      index: loaded.index,
      rarity: rarity.weights,
      openPostings: loaded.openPostings,
      lists: stored.lists,
      asOf: asOf.getTime(),
      vectors: await pairVectors(context, loaded, (model) => storedVectors(context, model, scope)),
    };
    return mergeOnThread<ListMergeResult>(context, mergeIntoLists.name, input);
  });
  const others = [...stored.others, ...merged.incomplete];
  const { computed } =
    others.length === 0
      ? { computed: [] }
      : await recommendToRange(context, { ids: others.map(String) }, rarity);
  return { computed, merged: [merged] };
}

/** The vectors that the lists of unchanged users were computed with: those that are stored. */
async function storedVectors(context: ComputeContext, model: string, scope: UserScope) {
  const stored = await context.read((tx) => readUserVectors(tx, model, scope));
  return new Map([...stored].map(([id, { vector }]) => [id, vector]));
}
