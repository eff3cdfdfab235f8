import type { ClosedList } from "../scoring/postings/diversity.ts";
import { cosineOf, type Vector, type Vectors, vectorOf } from "../scoring/postings/recommend/cosine.ts";
import { type EmbeddedUserRow, postingText, userText } from "../scoring/postings/recommend/embedding-text.ts";
import { rarityOf } from "../scoring/postings/recommend/facts.ts";
import type { ListItem } from "../scoring/postings/recommend/fill-list.ts";
import {
  decodeList,
  type EncodedList,
  type ListColumns,
  listColumnsOf,
} from "../scoring/postings/recommend/list-columns.ts";
import {
  isComplete,
  isSameList,
  keptEntries,
  mergedFloor,
  type OpenPosting,
} from "../scoring/postings/recommend/merge-list.ts";
import {
  buildPostingIndex,
  type OpenIndex,
  openIndex,
  type PostingIndex,
} from "../scoring/postings/recommend/posting-index.ts";
import {
  companyKey,
  type PostingRow,
  postingFacts,
  readUser,
} from "../scoring/postings/recommend/read-facts.ts";
import { openBuffers, type SearchBuffers } from "../scoring/postings/recommend/search-buffers.ts";
import { searchPostings } from "../scoring/postings/recommend/search-postings.ts";
import { SKILLS } from "../scoring/postings/skills/vocabulary.ts";

/** Thread task: the index of postings, given as JSON arrays of PostingRow. */
export const indexPostings = (pieces: readonly string[]): PostingIndex =>
  buildPostingIndex(
    pieces.flatMap((piece) => (JSON.parse(piece) as PostingRow[]).map(postingFacts)),
    SKILLS.length,
  );

/** A text that is sent to the endpoint of embeddings. */
export type SentText = { readonly id: number; readonly text: string };

/** Thread task: what is sent of postings, given as a JSON array of PostingRow. */
export const textsOfPostings = (postings: string): SentText[] =>
  (JSON.parse(postings) as PostingRow[]).map((row) => ({ id: row.id, text: postingText(row) }));

/**
 * Thread task: what is sent of users, given as a JSON array of EmbeddedUserRow. Those without a text are left
 * out.
 */
export const textsOfUsers = (users: string): SentText[] =>
  (JSON.parse(users) as EmbeddedUserRow[])
    .map((row) => ({ id: row.id, text: userText(row) }))
    .filter(({ text }) => text !== "");

/** Weights of all skills, from the number of postings that name each. */
export function weighSkills({ bySkill, ids }: Pick<PostingIndex, "bySkill" | "ids">): Uint8Array {
  const { starts } = bySkill;
  return Uint8Array.from(SKILLS, (_, skill) =>
    rarityOf((starts[skill + 1] as number) - (starts[skill] as number), ids.length),
  );
}

/** The rows of a user, and what is stored for them. */
export type RangeUser = EmbeddedUserRow & {
  /** Whether the CV has a text that was not read: it is read only for a user who states no skill. */
  readonly hasUnreadText: boolean;
  /** Whether what is stored was computed from the facts as they are now. */
  readonly isUnchanged: boolean;
  /** The list to merge into; null for a full computation. */
  readonly list: EncodedList | null;
};

export type RangeInput = {
  /** Names the index and the weights, which threads keep between calls. */
  readonly key: string;
  readonly index: PostingIndex;
  readonly rarity: Uint8Array;
  /** A JSON array of RangeUser. */
  readonly users: string;
  /** In milliseconds. */
  readonly asOf: number;
  /**
   * For merges: all open postings as a JSON array of [id, OpenPosting], companies as they are written. The
   * index holds those that changed.
   */
  readonly openPostings: string | null;
  /** Null for the formula without embeddings. */
  readonly embeddings: RangeEmbeddings | null;
  /** The version of lists by the formula without embeddings. */
  readonly version: string;
};

/** Vectors of all postings of an index, and of the users that have one. */
export type RangeEmbeddings = {
  /** By position in the index. */
  readonly postings: Vectors;
  readonly users: ReadonlyMap<number, Float32Array>;
  /** The version of lists that are computed with them. */
  readonly version: string;
};

export type RangeResult = {
  /** By the formula without embeddings. */
  readonly lists: ListColumns;
  /** By the formula with embeddings. */
  readonly semanticLists: ListColumns;
  /**
   * Users whose stored list stays: nothing of it has changed, or the new one is empty, while what is stored
   * was computed from the same facts.
   */
  readonly kept: number;
  /** Users whose lists have to be computed from all postings. */
  readonly incomplete: readonly number[];
  /** Users whose CV has to be read with its text. */
  readonly unread: readonly number[];
  readonly failures: readonly { readonly userId: number; readonly error: string }[];
};

type Cached = {
  readonly key: string;
  readonly open: OpenIndex;
  readonly openPostings: ReadonlyMap<number, OpenPosting> | null;
  buffers: SearchBuffers;
  readonly cosines: Float64Array;
};

/** The indexes that this thread searched last: one of all postings, and one of those that changed. */
const cache: Cached[] = [];
const MAX_CACHED = 2;

function openCached({ key, index, rarity, openPostings }: RangeInput): Cached {
  const known = cache.find((each) => each.key === key);
  if (known) return known;
  const open = openIndex(index, rarity);
  const opened: Cached = {
    key,
    open,
    openPostings: openPostings === null ? null : readOpenPostings(openPostings),
    buffers: openBuffers(open),
    cosines: new Float64Array(index.ids.length),
  };
  cache.unshift(opened);
  cache.length = Math.min(cache.length, MAX_CACHED);
  return opened;
}

const readOpenPostings = (json: string): Map<number, OpenPosting> =>
  new Map(
    (JSON.parse(json) as (readonly [number, OpenPosting])[]).map(([id, posting]) => [
      id,
      { ...posting, company: companyKey(posting.company) },
    ]),
  );

/**
 * Thread task: the lists of a range of users. A user for whom this fails is reported, and does not stop the
 * others.
 */
export function recommendToUsers(input: RangeInput): RangeResult {
  const opened = openCached(input);
  const lists: UserList[] = [];
  const semanticLists: UserList[] = [];
  const incomplete: number[] = [];
  const unread: number[] = [];
  const failures: { userId: number; error: string }[] = [];
  let kept = 0;
  for (const row of JSON.parse(input.users) as RangeUser[]) {
    try {
      const vector = vectorFor(input, row);
      const list = listFor(opened, row, input, vector);
      if (list === "incomplete") incomplete.push(row.id);
      else if (list === "unread") unread.push(row.id);
      else if (list === "same" || (list.items.length === 0 && row.isUnchanged)) kept += 1;
      else (vector === null ? lists : semanticLists).push({ userId: row.id, list });
    } catch (error) {
      failures.push({ userId: row.id, error: error instanceof Error ? error.message : String(error) });
      // The search has left its buffers as they were when it failed.
      opened.buffers = openBuffers(opened.open);
    }
  }
  return {
    lists: listColumnsOf(lists),
    semanticLists: listColumnsOf(semanticLists),
    kept,
    incomplete,
    unread,
    failures,
  };
}

type UserList = { readonly userId: number; readonly list: ClosedList<ListItem> };

/** The vector of a user whose list is computed with embeddings; null for the formula without them. */
function vectorFor({ embeddings }: RangeInput, { id, embeddingsAllowed }: RangeUser): Vector | null {
  const values = embeddingsAllowed ? embeddings?.users.get(id) : undefined;
  return values?.length === embeddings?.postings.dimensions && values !== undefined ? vectorOf(values) : null;
}

/**
 * The list of a user; "same" when the stored one stays; "incomplete" when it does not decide the new one, or
 * was computed by another version; "unread" when the text of the CV is needed.
 */
function listFor(
  { open, buffers, openPostings, cosines: buffer }: Cached,
  row: RangeUser,
  { asOf, embeddings, version }: RangeInput,
  vector: Vector | null,
): ClosedList<ListItem> | "same" | "incomplete" | "unread" {
  const user = readUser(row);
  if (user.skills.length === 0 && row.hasUnreadText) return "unread";
  const cosines = vector && embeddings && fillCosines(buffer, vector, embeddings.postings);
  if (openPostings === null) return searchPostings(open, buffers, user, { asOf, cosines });
  if (row.list?.version !== (cosines && embeddings ? embeddings.version : version)) return "incomplete";
  const stored = decodeList(row.list);
  const kept = keptEntries(stored, openPostings, user, asOf);
  // What comes after the floor is not served: where it might be, the list is computed in full.
  const list = searchPostings(open, buffers, user, { asOf, cosines, kept, floor: stored.floor });
  if (!isComplete(list, stored.floor)) return "incomplete";
  if (isSameList(list, stored, asOf)) return "same";
  return { ...list, floor: mergedFloor(list, stored.floor) };
}

function fillCosines(buffer: Float64Array, vector: Vector, postings: Vectors): Float64Array {
  for (let posting = 0; posting < buffer.length; posting++)
    buffer[posting] = cosineOf(vector, postings, posting);
  return buffer;
}
