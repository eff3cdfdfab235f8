import type { AffectedLists } from "./affected-lists.ts";
import { type Changes, type Current, openChanges, type Somebody, sidesOf } from "./current-people.ts";
import type { Floor } from "./floor.ts";
import { cutColumns, openColumns, type PairListColumns } from "./list-columns.ts";
import type { OpenedPeople } from "./loaded-people.ts";
import { type Entering, type MergedList, mergeList, openMergedList } from "./merge-list.ts";
import { PAIR_TERM_BYTES } from "./pair-bytes.ts";
import { scorePair } from "./score-pair.ts";
import { arrayBytes, valueAt } from "./sent-lists.ts";

/** Stored lists. */
export type EncodedPairLists = {
  /** Of one after the other the positions and scores, as array_send gives them, and the components. */
  readonly bytes: Uint8Array;
  readonly sizes: Int32Array;
  /** NaN for null. */
  readonly floorScores: Float64Array;
  readonly floorUserIds: Float64Array;
};

export type MergeListsOptions = {
  readonly affected: AffectedLists;
  /** In the order of `affected`. */
  readonly lists: EncodedPairLists;
  readonly keep: number;
  /** How many of a list are served. */
  readonly served: number;
  /** Number of lists that one statement stores. */
  readonly perPiece: number;
};

export type MergedLists = {
  readonly pieces: readonly PairListColumns[];
  /** Users of whose lists too many have left: somebody outside may belong on them. */
  readonly short: readonly number[];
};

/** The affected lists as they are stored next. */
export function mergeLists(base: OpenedPeople, changes: Changes, options: MergeListsOptions): MergedLists {
  const { affected, lists, keep, served, perPiece } = options;
  const current = openChanges(base, changes);
  const positions = openPositions(current, changes.ids);
  const list = openMergedList(
    lists.sizes.reduce((max, size) => Math.max(max, size), keep) + changes.ids.length,
  );
  const reader = openReader(lists);
  const merged = openPieces(affected.userIds.length, keep, perPiece);
  const short = new Set<number>();
  for (const [index, userId] of affected.userIds.entries()) {
    reader.readInto(list, index);
    const viewer = current.after(userId) as Somebody;
    const floor = mergeList(list, enteringOf(affected, index), {
      keep,
      floor: floorOf(lists, index),
      isDropped: positions.isDropped,
      idAt: positions.idAt,
      scoreOf: (position) =>
        scorePair(...sidesOf(viewer, current.after(positions.idAt(position)) as Somebody)).score,
    });
    if (floor !== null && list.count < served) short.add(userId);
    merged.add(userId, affected.tiers[index] as number, list, floor);
  }
  return { pieces: merged.end(), short: [...short] };
}

function floorOf({ floorScores, floorUserIds }: EncodedPairLists, index: number): Floor | null {
  const score = floorScores[index] as number;
  return Number.isNaN(score) ? null : { score, userId: floorUserIds[index] as number };
}

function enteringOf(affected: AffectedLists, index: number): Entering[] {
  const from = index === 0 ? 0 : (affected.ends[index - 1] as number);
  return Array.from({ length: (affected.ends[index] as number) - from }, (_, n) => ({
    candidateId: affected.candidateIds[from + n] as number,
    position: affected.positions[from + n] as number,
    score: affected.scores[from + n] as number,
    components: affected.components.subarray((from + n) * PAIR_TERM_BYTES, (from + n + 1) * PAIR_TERM_BYTES),
  }));
}

/**
 * Who is at which position, and whose entries are no longer valid: of who changed, or has left without being
 * placed, as those who were erased.
 */
function openPositions({ base, fresh, replaced, before, after }: Current, changed: readonly number[]) {
  const { people, packedPositions, listPositions } = base;
  const idsAt = new Map([...fresh.values()].map(({ position, own }) => [position, own.id]));
  const last = [...idsAt.keys()].reduce(
    (max, position) => Math.max(max, position),
    packedPositions.length - 1,
  );
  const isValid = new Uint8Array(last + 1);
  for (const [position, packed] of packedPositions.entries()) if (packed >= 0) isValid[position] = 1;
  for (const position of idsAt.keys()) isValid[position] = 1;
  const left = [...replaced].filter((id) => after(id) === null);
  for (const id of new Set([...changed, ...left])) {
    const earlier = before(id);
    const packed = people.positionOf(id);
    const own = earlier && "own" in earlier ? earlier.position : fresh.get(id)?.position;
    if (own !== undefined) isValid[own] = 0;
    if (packed !== undefined) isValid[listPositions[packed] as number] = 0;
  }
  return {
    isDropped: (position: number): boolean => isValid[position] !== 1,
    idAt: (position: number): number =>
      idsAt.get(position) ?? people.idAt(packedPositions[position] as number),
  };
}

/** Reads the lists in their order. */
function openReader({ bytes, sizes }: EncodedPairLists) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  return {
    readInto(list: MergedList, index: number): void {
      const size = sizes[index] as number;
      const scores = at + arrayBytes(size);
      const components = scores + arrayBytes(size);
      for (let n = 0; n < size; n++) {
        const element = valueAt(n);
        list.positions[n] = view.getInt32(at + element);
        list.scores[n] = view.getFloat32(scores + element);
      }
      at = components + size * PAIR_TERM_BYTES;
      list.components.set(bytes.subarray(components, at));
      list.count = size;
    },
  };
}

/** Packs lists into columns, `perPiece` in each. */
function openPieces(lists: number, keep: number, perPiece: number) {
  const pieces: PairListColumns[] = [];
  let [taken, inPiece, entries] = [0, 0, 0];
  let columns = openColumns(0, 0);
  const endPiece = (): void => {
    if (inPiece > 0) pieces.push(cutColumns(columns, entries));
    [inPiece, entries] = [0, 0];
  };
  return {
    add(userId: number, tier: number, list: MergedList, floor: Floor | null): void {
      if (inPiece === 0) {
        const length = Math.min(perPiece, lists - taken);
        columns = openColumns(length, length * keep);
      }
      columns.userIds[inPiece] = userId;
      columns.tiers[inPiece] = tier;
      columns.sizes[inPiece] = list.count;
      columns.floorScores[inPiece] = floor?.score ?? Number.NaN;
      columns.floorUserIds[inPiece] = floor?.userId ?? 0;
      columns.positions.set(list.positions.subarray(0, list.count), entries);
      columns.scores.set(list.scores.subarray(0, list.count), entries);
      const bytes = list.components.subarray(0, list.count * PAIR_TERM_BYTES);
      columns.components.set(bytes, entries * PAIR_TERM_BYTES);
      entries += list.count;
      taken += 1;
      inPiece += 1;
      if (inPiece === perPiece) endPiece();
    },
    end(): readonly PairListColumns[] {
      endPiece();
      return pieces;
    },
  };
}
