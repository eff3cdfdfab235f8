import { type Current, type Fresh, idOf, isFresh, type Somebody, sidesOf } from "./current-people.ts";
import { type Floor, isAboveFloor } from "./floor.ts";
import { type ListEntry, TIERS } from "./list-columns.ts";
import { openPackedScores, type PackedScores } from "./packed-scores.ts";
import { PAIR_TERM_BYTES, writePairTerms } from "./pair-bytes.ts";
import type { Person } from "./person.ts";
import type { OpenPeople } from "./read-person.ts";
import { type PairTier, scoreInto, TERM_COUNT } from "./score-pair.ts";
import { type FindViewers, withViewers } from "./search-viewers.ts";
import { floorOf, floorScoreOf, floorUserIdOf, HEAD_BYTES, tierOf, userIdOf } from "./sent-lists.ts";

/** Lists that people enter or leave, as columns, and who enters them. */
export type AffectedLists = {
  readonly userIds: Float64Array;
  /** 0: A, 1: B. */
  readonly tiers: Int32Array;
  /** Of each list where its entries end in the columns below. */
  readonly ends: Int32Array;
  readonly candidateIds: Float64Array;
  readonly positions: Int32Array;
  readonly scores: Float64Array;
  readonly components: Uint8Array;
};

/** Somebody who is placed: before and after. */
export type Placed = {
  readonly before: Somebody | null;
  readonly after: Fresh | null;
  readonly blocked: ReadonlySet<number>;
};

/**
 * Finds the lists of others that people enter or leave.
 *
 * @param ids of those who are placed.
 * @param floors the heads of all lists (sent-lists.ts).
 */
export function affectedLists(
  current: Current,
  placed: readonly Placed[],
  ids: ReadonlySet<number>,
  floors: Uint8Array,
): AffectedLists {
  const { people } = current.base;
  const read = readFloors(current, ids, floors);
  const affected = openAffected();
  const scores = openPackedScores(people.packed);
  withViewers(people, read.lowest, (find) => {
    for (const one of placed) {
      const { before, after } = one;
      if (before) reachPacked(find, people, read, before, scores, affected.leave);
      if (after)
        reachPacked(find, people, read, after, scores, (list, terms) => {
          if (!one.blocked.has(list.userId)) affected.enter(list, after, terms);
        });
    }
  });
  for (const { viewer, ...list } of read.others)
    for (const { before, after, blocked } of placed) {
      if (before) reachOne(viewer, before, list, affected.leave);
      if (after && !blocked.has(list.userId))
        reachOne(viewer, after, list, (_, terms) => affected.enter(list, after, terms));
    }
  return affected.end();
}

type FloorOfList = { readonly userId: number; readonly tier: number; readonly floor: Floor | null };
/** Of packed people who are as they were packed, by 2 x position + tier; NaN without a list. */
type PackedFloors = { readonly scores: Float64Array; readonly userIds: Float64Array };

type ReadFloors = PackedFloors & {
  /** For `withViewers`. */
  readonly lowest: Float64Array;
  /** Lists of the other people. */
  readonly others: readonly (FloorOfList & { readonly viewer: Somebody })[];
};

function readFloors(
  { base, after, replaced }: Current,
  ids: ReadonlySet<number>,
  floors: Uint8Array,
): ReadFloors {
  const { people } = base;
  const view = new DataView(floors.buffer, floors.byteOffset, floors.byteLength);
  const scores = new Float64Array(2 * people.count).fill(Number.NaN);
  const userIds = new Float64Array(2 * people.count);
  const others: (FloorOfList & { viewer: Somebody })[] = [];
  for (let at = 0; at < floors.length; at += HEAD_BYTES) {
    const userId = userIdOf(view, at);
    if (ids.has(userId)) continue;
    const tier = tierOf(view, at);
    const score = floorScoreOf(view, at);
    const position = replaced.has(userId) ? undefined : people.positionOf(userId);
    if (position !== undefined) {
      scores[2 * position + tier] = Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score;
      userIds[2 * position + tier] = floorUserIdOf(view, at);
      continue;
    }
    const viewer = after(userId);
    if (viewer) others.push({ userId, tier, floor: floorOf(view, at), viewer });
  }
  const lowest = new Float64Array(people.count);
  for (let position = 0; position < people.count; position++)
    lowest[position] = Math.min(orNever(scores[2 * position]), orNever(scores[2 * position + 1]));
  return { scores, userIds, lowest, others };
}

const orNever = (score: number | undefined): number =>
  score === undefined || Number.isNaN(score) ? Number.POSITIVE_INFINITY : score;

/** The terms of a pair, then its score. */
type Reached = (list: FloorOfList, terms: Float64Array) => void;

/** Calls `reached` for the lists whose floor a candidate does not score less than. */
function reachPacked(
  find: FindViewers,
  people: OpenPeople,
  floors: PackedFloors,
  one: Somebody,
  scores: PackedScores,
  reached: Reached,
): void {
  const candidate: Person = isFresh(one) ? one.indexed : one;
  if (!candidate.isCandidate) return;
  const terms = new Float64Array(TERM_COUNT + 1);
  scores.begin(candidate);
  find(candidate, (position) => {
    const tier = scores.ofViewer(terms, position) === "A" ? 0 : 1;
    const score = floors.scores[2 * position + tier] as number;
    // NaN: they have no such list.
    if (!((terms[TERM_COUNT] as number) >= score)) return;
    const floor = Number.isFinite(score)
      ? { score, userId: floors.userIds[2 * position + tier] as number }
      : null;
    reached({ userId: people.idAt(position), tier, floor }, terms);
  });
}

/** The same for a list of somebody who is not as they were packed. */
function reachOne(viewer: Somebody, one: Somebody, list: FloorOfList, reached: Reached): void {
  const sides = sidesOf(viewer, one);
  if (!sides[1].isCandidate || idOf(viewer) === idOf(one)) return;
  const terms = new Float64Array(TERM_COUNT + 1);
  const tier: PairTier = scoreInto(terms, ...sides);
  if (TIERS[list.tier] !== tier) return;
  if (list.floor === null || (terms[TERM_COUNT] as number) >= list.floor.score) reached(list, terms);
}

type EnteringPair = ListEntry & { readonly candidateId: number };

/** Collects lists by user and tier. */
function openAffected() {
  const lists = new Map<number, { userId: number; tier: number; entering: EnteringPair[] }>();
  const listOf = ({ userId, tier }: FloorOfList): EnteringPair[] => {
    const key = 2 * userId + tier;
    const known = lists.get(key);
    if (known) return known.entering;
    const added = { userId, tier, entering: [] };
    lists.set(key, added);
    return added.entering;
  };
  return {
    leave(list: FloorOfList): void {
      listOf(list);
    },
    enter(list: FloorOfList, { own, position }: Fresh, terms: Float64Array): void {
      const score = terms[TERM_COUNT] as number;
      const candidateId = own.id;
      if (!isAboveFloor({ score, candidateId }, list.floor)) return;
      const components = new Uint8Array(PAIR_TERM_BYTES);
      writePairTerms(components, 0, terms);
      listOf(list).push({ candidateId, position, score, components });
    },
    end: (): AffectedLists => packAffected([...lists.values()]),
  };
}

function packAffected(
  lists: readonly {
    readonly userId: number;
    readonly tier: number;
    readonly entering: readonly EnteringPair[];
  }[],
): AffectedLists {
  const entries = lists.flatMap(({ entering }) => entering);
  const components = new Uint8Array(entries.length * PAIR_TERM_BYTES);
  for (const [n, entry] of entries.entries()) components.set(entry.components, n * PAIR_TERM_BYTES);
  let end = 0;
  return {
    userIds: Float64Array.from(lists, ({ userId }) => userId),
    tiers: Int32Array.from(lists, ({ tier }) => tier),
    ends: Int32Array.from(lists, ({ entering }) => {
      end += entering.length;
      return end;
    }),
    candidateIds: Float64Array.from(entries, ({ candidateId }) => candidateId),
    positions: Int32Array.from(entries, ({ position }) => position),
    scores: Float64Array.from(entries, ({ score }) => score),
    components,
  };
}
