import { keepLast } from "../../scoring/memoize.ts";
import { cosinesFor, type PairVectors } from "../../scoring/postings/recommend/cosine.ts";
import type { ClosedList } from "../../scoring/postings/recommend/diversity.ts";
import type { ListItem } from "../../scoring/postings/recommend/fill-list.ts";
import {
  type DecodedList,
  decodeLists,
  type EncodedLists,
  type ListColumns,
  openListColumns,
} from "../../scoring/postings/recommend/list-columns.ts";
import {
  isComplete,
  isSameList,
  keptEntries,
  mergedFloor,
  type OpenPosting,
} from "../../scoring/postings/recommend/merge-list.ts";
import { unpackUser } from "../../scoring/postings/recommend/packed-user.ts";
import {
  companyNumber,
  type OpenIndex,
  openIndex,
  type PostingIndex,
} from "../../scoring/postings/recommend/posting-index.ts";
import { companyKey } from "../../scoring/postings/recommend/read-facts.ts";
import { openBuffers, type SearchBuffers } from "../../scoring/postings/recommend/search-buffers.ts";
import { searchPostings } from "../../scoring/postings/recommend/search-postings.ts";

export type ListMergeInput = {
  /** The key under which threads cache the index, the weights and the open postings. */
  readonly key: string;
  /** The postings that changed. */
  readonly index: PostingIndex;
  readonly rarity: Uint8Array;
  /** All open postings: a JSON array of [id, OpenPosting], with unnormalized companies. */
  readonly openPostings: Uint8Array;
  /** Lists of users whose facts have not changed since. */
  readonly lists: EncodedLists;
  /** In milliseconds. */
  readonly asOf: number;
  /** Null for the formula without embeddings. */
  readonly vectors: PairVectors | null;
};

export type ListMergeResult = {
  /** By the formula without embeddings. */
  readonly lists: ListColumns;
  /** By the formula with embeddings. */
  readonly semanticLists: ListColumns;
  /** Users whose stored list stays: it has not changed, or the new one is empty. */
  readonly kept: number;
  /** Users whose lists have to be computed from all postings. */
  readonly incomplete: readonly number[];
  readonly failures: readonly { readonly userId: number; readonly error: string }[];
};

type OpenMerge = {
  readonly open: OpenIndex;
  readonly openPostings: ReadonlyMap<number, OpenPosting>;
  buffers: SearchBuffers;
};

const openMerge = keepLast(({ index, rarity, openPostings }: ListMergeInput): OpenMerge => {
  const open = openIndex(index, rarity);
  return { open, openPostings: readOpenPostings(open, openPostings), buffers: openBuffers(open) };
});

type WrittenPosting = Omit<OpenPosting, "company"> & { readonly company: string };

const readOpenPostings = (open: OpenIndex, json: Uint8Array): Map<number, OpenPosting> =>
  new Map(
    (JSON.parse(Buffer.from(json).toString()) as (readonly [number, WrittenPosting])[]).map(
      ([id, posting]) => [id, { ...posting, company: companyNumber(open, companyKey(posting.company)) }],
    ),
  );

/**
 * Thread task: merges the postings that changed into stored lists. A user for whom this fails is reported,
 * and does not stop the others.
 */
export function mergeIntoLists(input: ListMergeInput): ListMergeResult {
  const opened = openMerge(input);
  const count = input.lists.userIds.length;
  const lists = openListColumns(count);
  const semanticLists = openListColumns(input.vectors === null ? 0 : count);
  const incomplete: number[] = [];
  const failures: { userId: number; error: string }[] = [];
  let kept = 0;
  for (const stored of decodeLists(input.lists)) {
    const { userId } = stored;
    try {
      const list = mergedList(opened, stored, input);
      if (list === "incomplete") incomplete.push(userId);
      else if (list === "same") kept += 1;
      else (stored.isSemantic ? semanticLists : lists).add(userId, list);
    } catch (error) {
      failures.push({ userId, error: error instanceof Error ? error.message : String(error) });
      // The failed search may have left its buffers in any state.
      opened.buffers = openBuffers(opened.open);
    }
  }
  return { lists: lists.end(), semanticLists: semanticLists.end(), kept, incomplete, failures };
}

/**
 * The list of a user; "same" when the stored one stays; "incomplete" when the new one does not follow from
 * it, or it was computed by another formula.
 */
function mergedList(
  { open, buffers, openPostings }: OpenMerge,
  stored: DecodedList,
  { asOf, vectors }: ListMergeInput,
): ClosedList<ListItem> | "same" | "incomplete" {
  const cosines = vectors && cosinesFor(vectors, stored.userId);
  if (stored.isSemantic !== (cosines !== null)) return "incomplete";
  const user = unpackUser(stored.userId, stored.facts);
  const kept = keptEntries(stored, openPostings, user, asOf);
  // Entries after the floor are never served: where one might be, the list is computed in full.
  const list = searchPostings(open, buffers, user, { asOf, cosines, kept, floor: stored.floor });
  if (!isComplete(list, stored.floor)) return "incomplete";
  if (isSameList(list, stored, asOf) || (list.items.length === 0 && stored.ids.length > 0)) return "same";
  return { ...list, floor: mergedFloor(list, stored.floor) };
}
