import { PAIR_TERM_BYTES } from "./pair-bytes.ts";
import type { PairTier } from "./score-pair.ts";
import type { FoundPairs } from "./search-pairs.ts";

/** Lists as columns, which are stored by one statement. */
export type PairListColumns = {
  readonly userIds: Float64Array;
  /** 0: A, 1: B. */
  readonly tiers: Int32Array;
  readonly sizes: Int32Array;
  /** NaN for null. */
  readonly floorScores: Float64Array;
  /** 0 for null. */
  readonly floorUserIds: Float64Array;
  /** Of all entries of all lists, one after the other. */
  readonly positions: Int32Array;
  readonly scores: Float32Array;
  readonly components: Uint8Array;
};

export const TIERS: readonly PairTier[] = ["A", "B"];

/** Empty columns for a number of lists, and of their entries in total. */
export const openColumns = (lists: number, entries: number): PairListColumns => ({
  userIds: new Float64Array(lists),
  tiers: new Int32Array(lists),
  sizes: new Int32Array(lists),
  floorScores: new Float64Array(lists).fill(Number.NaN),
  floorUserIds: new Float64Array(lists),
  positions: new Int32Array(entries),
  scores: new Float32Array(entries),
  components: new Uint8Array(entries * PAIR_TERM_BYTES),
});

/** The first `entries` entries, copied: a view would pass all of its memory to another thread. */
export const cutColumns = (columns: PairListColumns, entries: number): PairListColumns => ({
  ...columns,
  positions: columns.positions.slice(0, entries),
  scores: columns.scores.slice(0, entries),
  components: columns.components.slice(0, entries * PAIR_TERM_BYTES),
});

/** Lists of viewers that are packed one after the other. */
export type GrowingLists = {
  add(found: FoundPairs): void;
  end(): PairListColumns;
};

/**
 * Packs what `searchPairs`, `carryLists` and `placePeople` find, empty lists too: people may enter them
 * later.
 *
 * @param listPositions positions in the lists, by position in the packed people.
 */
export function openLists(viewers: number, keep: number, listPositions: Int32Array): GrowingLists {
  const columns = openColumns(TIERS.length * viewers, TIERS.length * viewers * keep);
  let [list, at] = [0, 0];
  return {
    add(found) {
      for (const [tier, name] of TIERS.entries()) {
        const { count, order, positions, scores, components, floor } = found[name];
        columns.userIds[list] = found.viewerId;
        columns.tiers[list] = tier;
        columns.sizes[list] = count;
        if (floor !== null) {
          columns.floorScores[list] = floor.score;
          columns.floorUserIds[list] = floor.userId;
        }
        list += 1;
        for (let n = 0; n < count; n++, at++) {
          const from = order[n] as number;
          const position = positions[from] as number;
          columns.positions[at] = position < 0 ? ~position : (listPositions[position] as number);
          columns.scores[at] = scores[from] as number;
          for (let byte = 0; byte < PAIR_TERM_BYTES; byte++)
            columns.components[at * PAIR_TERM_BYTES + byte] = components[
              from * PAIR_TERM_BYTES + byte
            ] as number;
        }
      }
    },
    end: () => cutColumns(columns, at),
  };
}
