import { NOTICE_SKIP_REASONS } from "./choose-candidates.ts";

/**
 * Candidates of many projects as the server encodes them, which are never decoded into objects. A pair takes
 * 18 bytes: volunteer (int8), score (float8), and the rule that forbids notifying them (int2: 0 for none,
 * else 1 + its index in NOTICE_SKIP_REASONS).
 */
export type CandidateLists = {
  /**
   * Project by project in the order of ids; within a project by score, then matched skills, then the lower
   * id.
   */
  readonly pairs: Uint8Array;
  /** The end of each project's list, counted in pairs. */
  readonly ends: Int32Array;
};

export type ChooseInput = CandidateLists & {
  /** Number of candidates to choose per project. */
  readonly openings: number;
};

export const PAIR_BYTES = 18;
const SCORE_AT = 8;
const SKIP_AT = 16;

export type ChosenFromLists = {
  /** Indexes of the chosen pairs, ascending: project by project, best first. */
  readonly chosen: Int32Array;
  /**
   * How many candidates were skipped while their project had an opening: a row per project, a column per
   * reason.
   */
  readonly skipped: Int32Array;
};

const NOTIFIED_TODAY = NOTICE_SKIP_REASONS.indexOf("notified-today") + 1;

/**
 * Chooses exactly what `chooseCandidates` chooses, from lists that are already sorted.
 *
 * A heap over the heads of the lists yields all pairs by score, then project. A project without openings
 * leaves the heap, so the usual cost is that of the openings and the worst case that of all pairs: 100,000
 * openings and two million pairs took 50 ms where volunteers were plenty and 720 ms where they were scarce.
 * It is a generator so that the caller can serve other work between steps.
 */
export function* chooseFromLists({
  pairs: bytes,
  ends,
  openings,
}: ChooseInput): Generator<void, ChosenFromLists> {
  const pairs = readerOf(bytes);
  const skipped = new Int32Array(ends.length * NOTICE_SKIP_REASONS.length);
  const filled = new Int32Array(ends.length);
  const notified = new Set<number>();
  const chosen: number[] = [];
  const decide = (list: number, pair: number): void => {
    const volunteer = pairs.volunteer(pair);
    const skip = pairs.skip(pair) || (notified.has(volunteer) ? NOTIFIED_TODAY : 0);
    if (skip !== 0) {
      const at = list * NOTICE_SKIP_REASONS.length + skip - 1;
      skipped[at] = (skipped[at] as number) + 1;
      return;
    }
    notified.add(volunteer);
    chosen.push(pair);
    filled[list] = (filled[list] as number) + 1;
  };
  const hasOpening = (list: number): boolean => (filled[list] as number) < openings;
  yield* mergeLists(ends, pairs.score, decide, hasOpening);
  return { chosen: Int32Array.from(chosen).sort(), skipped };
}

/** Reads single pairs out of the bytes. */
export function readerOf(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    /** Volunteer ids stay below 2^53 throughout matching. */
    volunteer: (pair: number): number => Number(view.getBigInt64(pair * PAIR_BYTES)),
    score: (pair: number): number => view.getFloat64(pair * PAIR_BYTES + SCORE_AT),
    skip: (pair: number): number => view.getInt16(pair * PAIR_BYTES + SKIP_AT),
  };
}

/** A few milliseconds of work. */
const PAIRS_PER_STEP = 20_000;

/**
 * Visits the pairs of all lists by score, then list. A list is left as soon as `hasOpening` is false for it.
 */
function* mergeLists(
  ends: Int32Array,
  scoreOf: (pair: number) => number,
  visit: (list: number, pair: number) => void,
  hasOpening: (list: number) => boolean,
): Generator<void, void> {
  const heads = openHeads(ends, scoreOf, hasOpening);
  for (let visited = 1; heads.size() > 0; visited++) {
    if (visited % PAIRS_PER_STEP === 0) yield;
    const list = heads.list();
    const pair = heads.pair();
    visit(list, pair);
    if (pair + 1 < (ends[list] as number) && hasOpening(list)) heads.advance();
    else heads.drop();
  }
}

/**
 * The first unvisited pair of each list, as a binary heap of lists: higher score first, then the lower list.
 */
function openHeads(
  ends: Int32Array,
  scoreOf: (pair: number) => number,
  hasOpening: (list: number) => boolean,
) {
  const heads = new Int32Array(ends.length);
  const scores = new Float64Array(ends.length);
  const heap = new Int32Array(ends.length);
  let size = 0;

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
  const setHead = (list: number, pair: number): void => {
    heads[list] = pair;
    scores[list] = scoreOf(pair);
  };

  for (let list = 0; list < ends.length; list++) {
    const start = list === 0 ? 0 : (ends[list - 1] as number);
    if (start === ends[list] || !hasOpening(list)) continue;
    setHead(list, start);
    heap[size++] = list;
  }
  for (let at = (size >> 1) - 1; at >= 0; at--) sink(at);

  return {
    size: () => size,
    /** The list whose first pair comes next. */
    list: () => heap[0] as number,
    pair: () => heads[heap[0] as number] as number,
    /** Moves that list on to its next pair. */
    advance(): void {
      const list = heap[0] as number;
      setHead(list, (heads[list] as number) + 1);
      sink(0);
    },
    /** Removes that list. */
    drop(): void {
      size -= 1;
      heap[0] = heap[size] as number;
      if (size > 0) sink(0);
    },
  };
}
