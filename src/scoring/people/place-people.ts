import {
  type Changes,
  type Current,
  type Fresh,
  idOf,
  isFresh,
  openChanges,
  type Somebody,
  sidesOf,
} from "./current-people.ts";
import {
  entryOf,
  type Floor,
  type PairListColumns,
  packLists,
  type StoredPairs,
  TIERS,
} from "./list-columns.ts";
import type { OpenedPeople } from "./loaded-people.ts";
import { isAboveFloor, type MergeChange, type MergeEntry, mergeList } from "./merge-list.ts";
import { PAIR_TERM_BYTES } from "./pair-bytes.ts";
import {
  mayList,
  openBest,
  type PairScore,
  type PairTier,
  pairScoreBound,
  scorePair,
  tierOfPair,
} from "./score-pair.ts";
import { candidatesFor } from "./search-pairs.ts";

/** Bytes of a list in `floors`: user, tier (0: A, 1: B), floor as score (NaN: none) and id. */
const FLOOR_BYTES = 8 + 1 + 8 + 8;

export type PlaceOptions = {
  readonly keep: number;
  /** Those whom the placed users do not meet, by id. */
  readonly blocked: ReadonlyMap<number, readonly number[]>;
  /** All lists, big-endian. */
  readonly floors: Uint8Array;
};

/** A list that somebody enters or leaves, and who enters it. */
export type Affected = {
  readonly userId: number;
  readonly tier: PairTier;
  readonly entering: readonly MergeChange[];
};

export type PairPlacement = {
  /** The lists of those who are placed and present. */
  readonly lists: PairListColumns;
  /** Lists of others. */
  readonly affected: readonly Affected[];
};

type Placed = {
  readonly before: Somebody | null;
  readonly after: Fresh | null;
  readonly blocked: ReadonlySet<number>;
};

/** Finds the lists that change when people are placed: their own, and those that they enter or leave. */
export function placePeople(
  base: OpenedPeople,
  changes: Changes,
  { keep, blocked, floors }: PlaceOptions,
): PairPlacement {
  const current = openChanges(base, changes);
  const placed = changes.ids.map((id): Placed => {
    const after = current.after(id);
    return {
      before: current.before(id),
      after: after !== null && isFresh(after) ? after : null,
      blocked: new Set(blocked.get(id)),
    };
  });
  return {
    lists: packLists(placed.flatMap((one) => ownLists(current, one, keep))),
    affected: affectedLists(current, placed, new Set(changes.ids), floors),
  };
}

const positionOf = ({ base, fresh }: Current, id: number): number =>
  fresh.get(id)?.position ?? (base.listPositions[base.people.positionOf(id) as number] as number);

/** Both lists of somebody who is placed, empty ones too: people may enter them later. */
function ownLists(current: Current, { after: viewer, blocked }: Placed, keep: number): StoredPairs[] {
  if (viewer === null) return [];
  const { base, fresh, replaced } = current;
  const { people } = base;
  const best = openBest(keep);
  const excluded = [...replaced, ...blocked].flatMap((id) => people.positionOf(id) ?? []);
  const offer = (position: number): void => {
    const candidate = people.read(position);
    if (mayList(viewer.indexed, candidate, blocked) && !replaced.has(candidate.id))
      best.offer(viewer.indexed, candidate);
  };
  const candidates = candidatesFor(people, viewer.indexed, excluded, keep);
  if (candidates === null) for (let position = 0; position < people.count; position++) offer(position);
  else for (const position of candidates) offer(position);
  for (const { own } of fresh.values()) if (mayList(viewer.own, own, blocked)) best.offer(viewer.own, own);
  const lists = best.lists();
  return TIERS.map((tier) => {
    const last = lists[tier][keep - 1];
    return {
      userId: viewer.own.id,
      tier,
      entries: lists[tier].map(({ candidateId, score, terms }) =>
        entryOf(positionOf(current, candidateId), score, terms),
      ),
      floor: last === undefined ? null : { score: last.score, userId: last.candidateId },
    };
  });
}

function affectedLists(
  { after }: Current,
  placed: readonly Placed[],
  ids: ReadonlySet<number>,
  floors: Uint8Array,
): Affected[] {
  const view = new DataView(floors.buffer, floors.byteOffset, floors.byteLength);
  const affected: Affected[] = [];
  for (let at = 0; at < floors.length; at += FLOOR_BYTES) {
    const userId = Number(view.getBigInt64(at));
    const viewer = ids.has(userId) ? null : after(userId);
    if (viewer === null) continue;
    const tier = TIERS[view.getUint8(at + 8)] as PairTier;
    const score = view.getFloat64(at + 9);
    const floor = Number.isNaN(score) ? null : { score, userId: Number(view.getBigInt64(at + 17)) };
    const entering = placed.flatMap((one) => entryFor(viewer, one, tier, floor));
    if (entering.length > 0 || placed.some((one) => mayHold(viewer, one, tier, floor)))
      affected.push({ userId, tier, entering });
  }
  return affected;
}

function entryFor(
  viewer: Somebody,
  { after: candidate, blocked }: Placed,
  tier: PairTier,
  floor: Floor | null,
): MergeChange[] {
  if (candidate === null || blocked.has(idOf(viewer))) return [];
  const pair = pairAbove(viewer, candidate, tier, floor);
  const candidateId = candidate.own.id;
  if (pair === null || !isAboveFloor({ score: pair.score, candidateId }, floor)) return [];
  return [{ candidateId, entry: entryOf(candidate.position, pair.score, pair.terms) }];
}

/** Whether somebody may be on a list with the facts from before: they do not rank after its floor. */
const mayHold = (
  viewer: Somebody,
  { before: candidate }: Placed,
  tier: PairTier,
  floor: Floor | null,
): boolean => candidate !== null && pairAbove(viewer, candidate, tier, floor) !== null;

/** Scores a pair of a tier; null if it is in the other one, or scores less than the floor. */
function pairAbove(
  viewer: Somebody,
  candidate: Somebody,
  tier: PairTier,
  floor: Floor | null,
): PairScore | null {
  const sides = sidesOf(viewer, candidate);
  if (!sides[1].isCandidate || tierOfPair(...sides) !== tier) return null;
  if (floor !== null && pairScoreBound(...sides) < floor.score) return null;
  const pair = scorePair(...sides);
  return floor === null || pair.score >= floor.score ? pair : null;
}

/** A stored list, whose arrays are in the binary format of Postgres. */
export type EncodedPairList = {
  readonly positions: Uint8Array;
  readonly scores: Uint8Array;
  readonly components: Uint8Array;
  readonly floor: Floor | null;
};

export type MergedLists = {
  readonly lists: PairListColumns;
  /** Users of whose lists too many have left: somebody outside may belong on them. */
  readonly short: readonly number[];
};

/**
 * The affected lists as they are stored next.
 *
 * @param lists in the order of `affected`.
 * @param served how many of a list are served.
 */
export function mergeLists(
  base: OpenedPeople,
  changes: Changes,
  {
    affected,
    lists,
    keep,
    served,
  }: {
    readonly affected: readonly Affected[];
    readonly lists: readonly EncodedPairList[];
    readonly keep: number;
    readonly served: number;
  },
): MergedLists {
  const current = openChanges(base, changes);
  const ids = new Set(changes.ids);
  const short = new Set<number>();
  const idsAt = new Map([...current.fresh.values()].map(({ position, own }) => [position, own.id]));
  const merged = affected.map(({ userId, tier, entering }, index): StoredPairs => {
    const viewer = current.after(userId) as Somebody;
    const stored = lists[index] as EncodedPairList;
    const list = {
      entries: entriesOf(base, idsAt, stored),
      floor: stored.floor,
      scoreOf: ({ candidateId }: MergeEntry) =>
        scorePair(...sidesOf(viewer, current.after(candidateId) as Somebody)).score,
    };
    const { entries, floor } = mergeList(list, ids, entering, keep);
    if (floor !== null && entries.length < served) short.add(userId);
    return { userId, tier, entries, floor };
  });
  return { lists: packLists(merged), short: [...short] };
}

/**
 * The entries of a list. Somebody who was erased is at no position any more.
 *
 * @param idsAt ids of those who are not in the packed people, by position.
 */
function entriesOf(
  { people, packedPositions }: OpenedPeople,
  idsAt: ReadonlyMap<number, number>,
  { positions, scores, components }: EncodedPairList,
): MergeEntry[] {
  const positionsView = new DataView(positions.buffer, positions.byteOffset, positions.byteLength);
  const scoresView = new DataView(scores.buffer, scores.byteOffset, scores.byteLength);
  const entries: MergeEntry[] = [];
  for (let n = 0; n < components.length / PAIR_TERM_BYTES; n++) {
    const at = ARRAY_HEADER + n * (LENGTH_BYTES + 4) + LENGTH_BYTES;
    const position = positionsView.getInt32(at);
    const packed = packedPositions[position] ?? -1;
    const candidateId = idsAt.get(position) ?? (packed < 0 ? null : people.idAt(packed));
    if (candidateId === null) continue;
    const bytes = components.subarray(n * PAIR_TERM_BYTES, (n + 1) * PAIR_TERM_BYTES);
    entries.push({ position, score: scoresView.getFloat32(at), components: bytes, candidateId });
  }
  return entries;
}

/** The binary format of an array of one dimension: a header, then a length and a value for each element. */
const ARRAY_HEADER = 20;
const LENGTH_BYTES = 4;
