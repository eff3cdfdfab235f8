import { PAIR_TERM_BYTES, writePairTerms } from "./pair-bytes.ts";
import { TERM_COUNT } from "./score-pair.ts";

/** Viewers whose entries are stored in one row: few rows for each change, and few entries to look through. */
export const VIEWERS_PER_PART = 512;
/** The part of the lists that people left. */
const LEFT = -1;

/** The number of a list of the viewer at a position. @param tier 0: A, 1: B. */
export const listNumber = (position: number, tier: number): number => 2 * position + tier;
export const positionOfList = (list: number): number => list >> 1;
export const tierOfList = (list: number): number => list & 1;

/** Rows of entries of people who were placed, as columns that one statement stores. */
export type PairEntryColumns = {
  /** Of each row. */
  readonly parts: Int32Array;
  readonly sizes: Int32Array;
  /** Of all entries of all rows, one after the other; at the end the lists that people left. */
  readonly lists: Int32Array;
  /** Positions in the lists. */
  readonly candidates: Int32Array;
  readonly scores: Float32Array;
  readonly components: Uint8Array;
};

/** Collects entries. */
export type GrowingEntries = {
  /** @param terms with the score after them. */
  enter(list: number, candidate: number, terms: Float64Array): void;
  leave(list: number): void;
  end(): PairEntryColumns;
};

const FIRST_ROOM = 8_192;

export function openEntries(): GrowingEntries {
  const left: number[] = [];
  let columns = openRoom(FIRST_ROOM);
  let count = 0;
  return {
    enter(list, candidate, terms) {
      if (count === columns.lists.length) columns = doubled(columns);
      columns.lists[count] = list;
      columns.candidates[count] = candidate;
      columns.scores[count] = terms[TERM_COUNT] as number;
      writePairTerms(columns.components, count * PAIR_TERM_BYTES, terms);
      count += 1;
    },
    leave(list) {
      left.push(list);
    },
    end: () => packEntries(columns, count, left),
  };
}

type Columns = Omit<PairEntryColumns, "parts" | "sizes">;

const openRoom = (room: number): Columns => ({
  lists: new Int32Array(room),
  candidates: new Int32Array(room),
  scores: new Float32Array(room),
  components: new Uint8Array(room * PAIR_TERM_BYTES),
});

function doubled(columns: Columns): Columns {
  const next = openRoom(2 * columns.lists.length);
  next.lists.set(columns.lists);
  next.candidates.set(columns.candidates);
  next.scores.set(columns.scores);
  next.components.set(columns.components);
  return next;
}

const partOf = (list: number): number => Math.floor(positionOfList(list) / VIEWERS_PER_PART);

/** Sorts entries by part, by counting. */
function packEntries(found: Columns, count: number, left: readonly number[]): PairEntryColumns {
  const sizes = countParts(found.lists, count);
  const next = new Int32Array(sizes.length);
  for (let part = 1; part < sizes.length; part++)
    next[part] = (next[part - 1] as number) + (sizes[part - 1] as number);
  const columns = { ...openRoom(count), lists: new Int32Array(count + left.length) };
  for (let n = 0; n < count; n++) {
    const part = partOf(found.lists[n] as number);
    const at = next[part] as number;
    next[part] = at + 1;
    columns.lists[at] = found.lists[n] as number;
    columns.candidates[at] = found.candidates[n] as number;
    columns.scores[at] = found.scores[n] as number;
    for (let byte = 0; byte < PAIR_TERM_BYTES; byte++)
      columns.components[at * PAIR_TERM_BYTES + byte] = found.components[
        n * PAIR_TERM_BYTES + byte
      ] as number;
  }
  columns.lists.set(left, count);
  const rows = [...sizes].flatMap((size, part) => (size > 0 ? [[part, size] as const] : []));
  if (left.length > 0) rows.push([LEFT, left.length]);
  return {
    parts: Int32Array.from(rows, ([part]) => part),
    sizes: Int32Array.from(rows, ([, size]) => size),
    ...columns,
  };
}

/** Number of entries by part. */
function countParts(lists: Int32Array, count: number): Int32Array {
  let last = -1;
  for (let n = 0; n < count; n++) last = Math.max(last, partOf(lists[n] as number));
  const sizes = new Int32Array(last + 1);
  for (let n = 0; n < count; n++) {
    const part = partOf(lists[n] as number);
    sizes[part] = (sizes[part] as number) + 1;
  }
  return sizes;
}
