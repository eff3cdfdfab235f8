import { z } from "zod";
import type { ComputeContext, JobContext } from "../queues/job.ts";
import type { PostingIndex } from "../scoring/postings/recommend/posting-index.ts";
import { algoVersionOf, latestRarity, type StoredRarity, storeRarity } from "./rarities.ts";
import type { RangeInput, RangeResult } from "./recommend.task.ts";
import { servedOf } from "./recommend.task.ts";
import {
  cutPostings,
  type PostingScope,
  postingsFingerprint,
  readOpenPostings,
  readPostings,
  readUsers,
  type UserScope,
  userScope,
} from "./recommend-facts.ts";
import { deleteOrphanedLists, swapLists } from "./swap-lists.ts";

const TASKS = new URL(`./recommend.task.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url);

/** A part of a run: the weights of skills, or the lists of some users. */
export const recommendRange = z.union([
  z.object({ weigh: z.literal(true) }),
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
  | { readonly results: readonly RangeResult[]; readonly rarity: StoredRarity };

/** Computes a part of a run. No transaction is open: it waits for threads. */
export async function computeRange(context: ComputeContext, range: RecommendRange): Promise<ComputedRange> {
  if ("weigh" in range) {
    return withIndex(context, { asOf: context.now, changedSince: null }, async ({ index }) => ({
      weights: await onThread<Uint8Array>(context, "weighSkills", { bySkill: index.bySkill, ids: index.ids }),
      postings: index.ids.length,
    }));
  }
  const rarity = await context.read(latestRarity);
  if (rarity === null) throw new Error("no weights of skills are stored for this vocabulary");
  const results = await recommendTo(context, range.users, rarity, range.since);
  return { results, rarity };
}

async function recommendTo(
  context: ComputeContext,
  users: UserScope,
  rarity: StoredRarity,
  since: string | null,
): Promise<RangeResult[]> {
  if (since === null) return [await recommendFromAll(context, users, rarity)];
  const merged = await mergeChanged(context, users, rarity, new Date(since));
  if (merged.incomplete.length === 0) return [merged];
  return [merged, await recommendFromAll(context, { ids: merged.incomplete.map(String) }, rarity)];
}

function recommendFromAll(
  context: ComputeContext,
  users: UserScope,
  rarity: StoredRarity,
): Promise<RangeResult> {
  return withIndex(context, { asOf: context.now, changedSince: null }, async ({ key, index }) => {
    const input: RangeInput = {
      key: `${key} ${rarity.id}`,
      index,
      rarity: rarity.weights,
      users: await context.read((tx) => readUsers(tx, users, context.now, null)),
      asOf: context.now.getTime(),
      openPostings: null,
    };
    return onThread<RangeResult>(context, "recommendToUsers", input);
  });
}

function mergeChanged(
  context: ComputeContext,
  users: UserScope,
  rarity: StoredRarity,
  since: Date,
): Promise<RangeResult> {
  const { now: asOf } = context;
  return withIndex(context, { asOf, changedSince: since }, async ({ key, index, openPostings }) => {
    const limits = { since, algoVersion: algoVersionOf(rarity) };
    const input: RangeInput = {
      key: `${key} ${rarity.id}`,
      index,
      rarity: rarity.weights,
      users: await context.read((tx) => readUsers(tx, users, asOf, limits)),
      asOf: asOf.getTime(),
      openPostings,
    };
    return onThread<RangeResult>(context, "recommendToUsers", input);
  });
}

const onThread = <Result>({ compute, signal }: ComputeContext, task: string, input: unknown) =>
  compute.threads.call<Result>(TASKS, task, input, signal);

type LoadedIndex = {
  readonly key: string;
  readonly index: PostingIndex;
  /** For merges; else null. */
  readonly openPostings: string | null;
};

/** Calls `work` with an index of the postings, shared by all that need the same one at about this time. */
async function withIndex<Result>(
  context: ComputeContext,
  scope: PostingScope,
  work: (loaded: LoadedIndex) => Promise<Result>,
): Promise<Result> {
  const fingerprint = await context.read((tx) => postingsFingerprint(tx, scope.asOf));
  const { asOf, changedSince } = scope;
  const merge =
    changedSince === null ? "" : ` after ${changedSince.toISOString()} as of ${asOf.toISOString()}`;
  const key = `postings ${fingerprint}${merge}`;
  const loader = { names: async () => [key], load: () => loadIndex(context, scope, key) };
  return context.compute.shared.use(key, loader, ([loaded]) => work(loaded as LoadedIndex));
}

async function loadIndex(context: ComputeContext, scope: PostingScope, key: string): Promise<LoadedIndex> {
  const { read, now, signal } = context;
  const pieces: string[] = [];
  for (const ids of await read((tx) => cutPostings(tx, scope))) {
    signal.throwIfAborted();
    pieces.push(await read((tx) => readPostings(tx, scope, ids)));
  }
  const index = await onThread<PostingIndex>(context, "indexPostings", pieces);
  const { changedSince } = scope;
  const openPostings =
    changedSince === null ? null : await read((tx) => readOpenPostings(tx, now, changedSince));
  return { key, index, openPostings };
}

export type RangeCounts = {
  /** Users whose lists were computed. */
  readonly users: number;
  /** Entries of their lists that are served. */
  readonly recommendations: number;
  /** Users whose old list stays, since nothing new was found. */
  readonly kept: number;
  readonly failed: number;
  readonly deleted: number;
};

/** Stores a part of a run. */
export async function storeRange(
  { tx, now, log }: Pick<JobContext, "tx" | "now" | "log">,
  range: RecommendRange,
  computed: ComputedRange,
): Promise<RangeCounts | { readonly weighed: number; readonly postings: number }> {
  if ("weights" in computed) {
    if (computed.postings > 0) await storeRarity(tx, computed.weights);
    return { weighed: 1, postings: computed.postings };
  }
  const { results, rarity } = computed;
  for (const { lists } of results)
    await swapLists(tx, lists, { asOf: now, algoVersion: algoVersionOf(rarity) });
  const failures = results.flatMap((result) => result.failures);
  for (const { userId, error } of failures) log.error({ userId, error }, "recommendations of a user failed");
  const sum = (of: (result: RangeResult) => number) => results.reduce((total, each) => total + of(each), 0);
  return {
    users: sum(({ lists }) => lists.userIds.length),
    recommendations: sum(({ lists }) => servedOf(lists)),
    kept: sum(({ kept }) => kept),
    failed: failures.length,
    deleted: "users" in range ? await deleteOrphanedLists(tx, range.users) : 0,
  };
}
