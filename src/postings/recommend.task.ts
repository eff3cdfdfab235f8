import { type ClosedList, servedCount } from "../scoring/postings/diversity.ts";
import { COMPONENT_BYTES, writeComponents } from "../scoring/postings/recommend/components.ts";
import { rarityOf } from "../scoring/postings/recommend/facts.ts";
import {
  isComplete,
  keptEntries,
  type OpenPosting,
  type StoredList,
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
  readPosting,
  readUser,
  type UserRow,
} from "../scoring/postings/recommend/read-facts.ts";
import {
  type ListItem,
  openBuffers,
  type SearchBuffers,
  searchPostings,
} from "../scoring/postings/recommend/search-postings.ts";
import { SKILLS } from "../scoring/postings/skills/vocabulary.ts";

/** Thread task: the index of postings, given as JSON arrays of PostingRow. */
export const indexPostings = (pieces: readonly string[]): PostingIndex =>
  buildPostingIndex(
    pieces.flatMap((piece) => (JSON.parse(piece) as PostingRow[]).map(readPosting)),
    SKILLS.length,
  );

/** Weights of all skills, from the number of postings that name each. */
export function weighSkills({ bySkill, ids }: Pick<PostingIndex, "bySkill" | "ids">): Uint8Array {
  const { starts } = bySkill;
  return Uint8Array.from(SKILLS, (_, skill) =>
    rarityOf((starts[skill + 1] as number) - (starts[skill] as number), ids.length),
  );
}

/** A stored list with arrays as Postgres sends them, in base64. */
export type EncodedList = {
  readonly ids: string;
  readonly scores: string;
  readonly components: string;
  readonly floor: number;
};

/** The rows of a user, and what is stored for them. */
export type RangeUser = UserRow & {
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
};

/** Lists as columns of numbers, one after the other: list n has `sizes[n]` entries. */
export type ListColumns = {
  readonly userIds: Float64Array;
  readonly sizes: Int32Array;
  readonly firstPlaces: Int32Array;
  readonly floors: Float64Array;
  readonly postingIds: Float64Array;
  readonly scores: Float64Array;
  readonly components: Uint8Array;
};

export type RangeResult = {
  readonly lists: ListColumns;
  /** Users whose new list is empty, while what is stored was computed from the same facts: it stays. */
  readonly kept: number;
  /** Users whose lists have to be computed from all postings. */
  readonly incomplete: readonly number[];
  readonly failures: readonly { readonly userId: number; readonly error: string }[];
};

type Cached = {
  readonly key: string;
  readonly open: OpenIndex;
  readonly openPostings: ReadonlyMap<number, OpenPosting> | null;
  buffers: SearchBuffers;
};

/** The indexes that this thread searched last: one of all postings, and one of those that changed. */
const cache: Cached[] = [];
const MAX_CACHED = 2;

function openCached({ key, index, rarity, openPostings }: Omit<RangeInput, "users" | "asOf">): Cached {
  const known = cache.find((each) => each.key === key);
  if (known) return known;
  const open = openIndex(index, rarity);
  const opened: Cached = {
    key,
    open,
    openPostings: openPostings === null ? null : readOpenPostings(openPostings),
    buffers: openBuffers(open),
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
  const lists: { userId: number; list: ClosedList<ListItem> }[] = [];
  const incomplete: number[] = [];
  const failures: { userId: number; error: string }[] = [];
  let kept = 0;
  for (const row of JSON.parse(input.users) as RangeUser[]) {
    try {
      const list = listFor(opened, row, input.asOf);
      if (list === null) incomplete.push(row.id);
      else if (list.items.length === 0 && row.isUnchanged) kept += 1;
      else lists.push({ userId: row.id, list });
    } catch (error) {
      failures.push({ userId: row.id, error: error instanceof Error ? error.message : String(error) });
      // The search has left its buffers as they were when it failed.
      opened.buffers = openBuffers(opened.open);
    }
  }
  return { lists: columnsOf(lists), kept, incomplete, failures };
}

/** @returns null when the stored list does not decide the new one. */
function listFor(
  { open, buffers, openPostings }: Cached,
  row: RangeUser,
  asOf: number,
): ClosedList<ListItem> | null {
  const user = readUser(row);
  if (openPostings === null) return searchPostings(open, buffers, user, { asOf });
  if (row.list === null) return null;
  const stored = decodeList(row.list);
  const kept = keptEntries(stored, openPostings, user, asOf);
  const list = searchPostings(open, buffers, user, { asOf, kept });
  if (!isComplete(list, stored.floor)) return null;
  return { ...list, floor: Math.max(list.floor, stored.floor) };
}

/** Layout of array_send: 20 bytes, then the length and value of each element; shorter for an empty array. */
const ARRAY_HEADER = 20;
const LENGTH_BYTES = 4;
const ELEMENT_BYTES = 8;

function decodeArray(base64: string, read: (view: DataView, at: number) => number): Float64Array {
  const bytes = Buffer.from(base64, "base64");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = Math.max(0, (bytes.byteLength - ARRAY_HEADER) / (LENGTH_BYTES + ELEMENT_BYTES));
  return Float64Array.from({ length: size }, (_, n) =>
    read(view, ARRAY_HEADER + n * (LENGTH_BYTES + ELEMENT_BYTES) + LENGTH_BYTES),
  );
}

const decodeList = ({ ids, scores, components, floor }: EncodedList): StoredList => ({
  ids: decodeArray(ids, (view, at) => Number(view.getBigInt64(at))),
  scores: decodeArray(scores, (view, at) => view.getFloat64(at)),
  components: Buffer.from(components, "base64"),
  floor,
});

function columnsOf(lists: readonly { userId: number; list: ClosedList<ListItem> }[]): ListColumns {
  const entries = lists.reduce((sum, { list }) => sum + list.items.length, 0);
  const columns = {
    userIds: new Float64Array(lists.length),
    sizes: new Int32Array(lists.length),
    firstPlaces: new Int32Array(lists.length),
    floors: new Float64Array(lists.length),
    postingIds: new Float64Array(entries),
    scores: new Float64Array(entries),
    components: new Uint8Array(entries * COMPONENT_BYTES),
  };
  const view = new DataView(columns.components.buffer);
  let at = 0;
  for (const [n, { userId, list }] of lists.entries()) {
    columns.userIds[n] = userId;
    columns.sizes[n] = list.items.length;
    columns.firstPlaces[n] = list.first;
    columns.floors[n] = list.floor;
    for (const item of list.items) {
      columns.postingIds[at] = item.id;
      columns.scores[at] = item.score;
      if ("stored" in item) columns.components.set(item.stored, at * COMPONENT_BYTES);
      else writeComponents(view, at * COMPONENT_BYTES, item.components);
      at += 1;
    }
  }
  return columns;
}

/** Number of entries that are served of lists. */
export const servedOf = ({ sizes, firstPlaces }: ListColumns): number =>
  sizes.reduce((sum, size, n) => sum + servedCount(size, firstPlaces[n] as number), 0);
