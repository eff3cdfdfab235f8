import type { Tx } from "../../db/transaction.ts";
import type { ComputeContext } from "../../queues/job.ts";
import type { Vectors } from "../../scoring/postings/recommend/cosine.ts";
import type { PostingIndex } from "../../scoring/postings/recommend/posting-index.ts";
import { shareBytes } from "../../threads/share-bytes.ts";
import { recommendOnThread } from "./on-thread.ts";
import { vectorsOfPostings } from "./range-vectors.ts";
import {
  cutPostings,
  type PostingScope,
  postingsFingerprint,
  readOpenPostings,
  readPostings,
} from "./read-postings.ts";
import { latestVector } from "./vectors.ts";

export type LoadedIndex = {
  readonly key: string;
  readonly index: PostingIndex;
  /** For merges all open postings, as JSON; else nothing. */
  readonly openPostings: Uint8Array;
  /** By position in the index. Null without embeddings, and when a posting has none. */
  readonly vectors: Vectors | null;
};

/** How long an index of all postings is kept for users who are served one by one. */
const KEEP_MS = 10 * 60_000;

/** The name of an index of the current postings. */
export async function indexKey(
  { settings }: Pick<ComputeContext, "settings">,
  tx: Tx,
  { asOf, changedSince }: PostingScope,
): Promise<string> {
  const fingerprint = await postingsFingerprint(tx, asOf);
  const merge =
    changedSince === null ? "" : ` after ${changedSince.toISOString()} as of ${asOf.toISOString()}`;
  const model = settings.embeddingModel;
  const vectors = model === null ? "" : ` vectors of ${model} up to ${await latestVector(tx)}`;
  return `postings ${fingerprint}${merge}${vectors}`;
}

/**
 * Calls `work` with an index of the postings, shared by all callers that need the same one at about this
 * time.
 *
 * @param key of `indexKey`.
 */
export async function withIndex<Result>(
  context: ComputeContext,
  scope: PostingScope,
  key: string,
  work: (loaded: LoadedIndex) => Promise<Result>,
): Promise<Result> {
  const loader = {
    names: async () => [key],
    load: () => loadIndex(context, scope, key),
    ...(scope.changedSince === null ? { keepMs: KEEP_MS } : {}),
  };
  return context.compute.shared.use(key, loader, ([loaded]) => work(loaded as LoadedIndex));
}

async function loadIndex(context: ComputeContext, scope: PostingScope, key: string): Promise<LoadedIndex> {
  const { read, now, signal, settings } = context;
  const pieces: string[] = [];
  for (const ids of await read((tx) => cutPostings(tx, scope))) {
    signal.throwIfAborted();
    pieces.push(await read((tx) => readPostings(tx, scope, ids)));
  }
  const index = await recommendOnThread<PostingIndex>(context, "indexPostings", pieces);
  const { changedSince } = scope;
  const openPostings =
    changedSince === null ? "" : await read((tx) => readOpenPostings(tx, now, changedSince));
  const vectors =
    settings.embeddingModel === null
      ? null
      : await vectorsOfPostings(context, settings.embeddingModel, pieces, index.ids);
  return { key, index, openPostings: shareBytes([Buffer.from(openPostings)]), vectors };
}
