import { NOTICE_SKIP_REASONS } from "./choose-candidates.ts";

/**
 * The candidates of many projects as bytes, which come from the server without becoming objects: for each pair the
 * volunteer (int8), the score (float8), and what stands against it (int2: 0 nothing, otherwise the place in NOTICE_SKIP_REASONS, from 1).
 */
export type CandidateLists = {
  /** Project by project, in the order of their ids; within one best first: by score, then matched skills, then the lower id. */
  readonly pairs: Uint8Array;
  /** Where the list of each project ends, in pairs. */
  readonly ends: Int32Array;
};

export type ListsAsk = CandidateLists & {
  /** How many candidates each project has a place for. */
  readonly places: number;
};

export const PAIR_BYTES = 18;
const SCORE_AT = 8;
const SKIP_AT = 16;

export type ChosenFromLists = {
  /** Which pairs are chosen, by their number: so project by project, each best first. */
  readonly chosen: Int32Array;
  /** How many were passed over before the last place of their project: a row a project, a column a reason. */
  readonly passedOver: Int32Array;
};

const TOLD_TODAY = NOTICE_SKIP_REASONS.indexOf("told-today") + 1;

/**
 * `chooseCandidates` over lists that are sorted already. They are merged by a heap of their heads, so that pairs come
 * in the order of score, then project, in which it sorts them all. A project that is full leaves the heap, and what stands behind
 * its last place is not looked at: the usual cost is that of the places, the highest that of all pairs. 100,000 places and two million
 * pairs took 50 ms where volunteers are plenty and 720 ms where they are scarce, so it yields now and then, for others to run.
 */
export function* chooseFromLists({ pairs: bytes, ends, places }: ListsAsk): Generator<void, ChosenFromLists> {
  const pairs = readerOf(bytes);
  const passedOver = new Int32Array(ends.length * NOTICE_SKIP_REASONS.length);
  const filled = new Int32Array(ends.length);
  const told = new Set<number>();
  const chosen: number[] = [];
  const decide = (list: number, pair: number): void => {
    const volunteer = pairs.volunteer(pair);
    const skip = pairs.skip(pair) || (told.has(volunteer) ? TOLD_TODAY : 0);
    if (skip !== 0) {
      const at = list * NOTICE_SKIP_REASONS.length + skip - 1;
      passedOver[at] = (passedOver[at] as number) + 1;
      return;
    }
    told.add(volunteer);
    chosen.push(pair);
    filled[list] = (filled[list] as number) + 1;
  };
  const wanting = (list: number): boolean => (filled[list] as number) < places;
  yield* mergeLists(ends, pairs.score, decide, wanting);
  return { chosen: Int32Array.from(chosen).sort(), passedOver };
}

/** Reads single pairs out of the bytes. */
export function readerOf(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    /** Ids stay below 2^53, as everywhere in matching. */
    volunteer: (pair: number): number => Number(view.getBigInt64(pair * PAIR_BYTES)),
    score: (pair: number): number => view.getFloat64(pair * PAIR_BYTES + SCORE_AT),
    skip: (pair: number): number => view.getInt16(pair * PAIR_BYTES + SKIP_AT),
  };
}

/** So many pairs take a few milliseconds. */
const PAIRS_PER_STEP = 20_000;

/** Visits the pairs of all lists by score, then list; a list in which no more is wanted is left. */
function* mergeLists(
  ends: Int32Array,
  scoreOf: (pair: number) => number,
  visit: (list: number, pair: number) => void,
  wanting: (list: number) => boolean,
): Generator<void, void> {
  const heads = new Int32Array(ends.length);
  const scores = new Float64Array(ends.length);
  const heap = new Int32Array(ends.length);
  let size = 0;
  /** True when the head of list `a` comes before that of list `b`. */
  const before = (a: number, b: number): boolean => {
    const difference = (scores[a] as number) - (scores[b] as number);
    return difference > 0 || (difference === 0 && a < b);
  };
  const sink = (from: number): void => {
    const list = heap[from] as number;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && before(heap[child + 1] as number, heap[child] as number)) child += 1;
      if (!before(heap[child] as number, list)) break;
      heap[at] = heap[child] as number;
      at = child;
    }
    heap[at] = list;
  };
  for (let list = 0; list < ends.length; list++) {
    const start = list === 0 ? 0 : (ends[list - 1] as number);
    if (start === ends[list] || !wanting(list)) continue;
    heads[list] = start;
    scores[list] = scoreOf(start);
    heap[size++] = list;
  }
  for (let at = (size >> 1) - 1; at >= 0; at--) sink(at);
  for (let visited = 1; size > 0; visited++) {
    if (visited % PAIRS_PER_STEP === 0) yield;
    const list = heap[0] as number;
    const pair = heads[list] as number;
    visit(list, pair);
    if (pair + 1 < (ends[list] as number) && wanting(list)) {
      heads[list] = pair + 1;
      scores[list] = scoreOf(pair + 1);
    } else {
      size -= 1;
      heap[0] = heap[size] as number;
    }
    if (size > 0) sink(0);
  }
}
