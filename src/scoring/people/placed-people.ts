import { type Fresh, freshOf, type Somebody } from "./current-people.ts";
import type { Floor } from "./floor.ts";
import type { OpenedPeople } from "./loaded-people.ts";
import { openPackedScores, type PackedScores } from "./packed-scores.ts";
import { listNumber, positionOfList, tierOfList } from "./pair-entries.ts";
import type { PersonRow } from "./read-facts.ts";
import {
  floorOf,
  floorScoreOf,
  floorUserIdOf,
  headSizeOf,
  SIZED_HEAD_BYTES,
  tierOf,
  userIdOf,
} from "./sent-lists.ts";
import { openViewerSides, type ViewerSides } from "./viewer-sides.ts";

/** The lists of a version, and what was placed in them since its people were packed: plain data. */
export type PlacedSource = {
  /** The heads of all lists with their sizes (sent-lists.ts), at some time since. */
  readonly heads: Uint8Array;
  /** Lines of JSON, a `PlacedLine` each, that only get more. */
  readonly log: Uint8Array;
  /** Bytes of the log that are written. */
  readonly logged: number;
  /** The instant of the lists, in milliseconds. */
  readonly asOf: number;
  /** How many of a list are served. */
  readonly served: number;
};

/** What was placed by some changes of a version. */
export type PlacedLine = {
  /** Those who were placed and are present. */
  readonly people: readonly PersonRow[];
  /** Those who left. */
  readonly left: readonly number[];
  /** The lists that were written anew: user, tier, size, score and id of the floor. */
  readonly lists: readonly (readonly [number, number, number, number | null, number | null])[];
  /** Numbers of the lists that somebody left, once for each who did. */
  readonly lost: readonly number[];
};

/** A list of somebody who is not as they were packed. */
export type FreshList = {
  readonly list: number;
  readonly floor: Floor | null;
  /** How many may leave before fewer are left than are served. */
  spare: number;
};

/** The people and the floors of the lists of a version after its placements, as a thread keeps them. */
export type PlacedPeople = {
  readonly base: OpenedPeople;
  readonly asOf: number;
  readonly scores: PackedScores;
  readonly sides: ViewerSides;
  /** Those who were placed and are present. */
  readonly fresh: ReadonlyMap<number, Fresh>;
  /** Packed positions of those who were placed or left: nobody is as they were packed. */
  readonly replaced: readonly number[];
  /**
   * Of the lists of packed people, by 2 x position + tier: the floors, -Infinity where nobody is outside of
   * the list and Infinity without a list, and how many may leave before fewer are left than are served.
   */
  readonly floors: Float64Array;
  readonly floorUserIds: Float64Array;
  readonly spare: Int32Array;
  /** Which of these lists somebody entered: the number of their placement, until it is another's. */
  readonly entered: Int32Array;
  /** The lists of those who were placed, by their ids. */
  readonly freshLists: ReadonlyMap<number, readonly FreshList[]>;
  /** As the lists are computed from; null for somebody who is on none. */
  find(id: number): Somebody | null;
  /** Reads what was placed since. */
  follow(source: PlacedSource): void;
};

/** More than leave a list. */
const NEVER_SHORT = 2 ** 30;

/** Opens the placed people for the calling thread. */
export function openPlaced(base: OpenedPeople, source: PlacedSource): PlacedPeople {
  const { people, packedPositions } = base;
  const { asOf, served } = source;
  const fresh = new Map<number, Fresh>();
  const freshLists = new Map<number, FreshList[]>();
  const listsByNumber = new Map<number, FreshList>();
  const gone = new Set<number>();
  const replaced: number[] = [];
  const isReplaced = new Uint8Array(people.count);
  const floors = new Float64Array(2 * people.count).fill(Number.POSITIVE_INFINITY);
  const floorUserIds = new Float64Array(2 * people.count);
  const spare = new Int32Array(2 * people.count);
  const entered = new Int32Array(2 * people.count);
  let read = 0;
  let hasHeads = false;

  const replace = (id: number): void => {
    for (const { list } of freshLists.get(id) ?? []) listsByNumber.delete(list);
    freshLists.delete(id);
    const position = people.positionOf(id);
    if (position === undefined || isReplaced[position] === 1) return;
    isReplaced[position] = 1;
    replaced.push(position);
    floors.fill(Number.POSITIVE_INFINITY, 2 * position, 2 * position + 2);
  };
  const spareOf = (size: number, floor: number | null): number =>
    floor === null ? NEVER_SHORT : size - served;
  const addList = (id: number, tier: number, size: number, floor: Floor | null): void => {
    const owner = fresh.get(id);
    if (!owner) return;
    const list: FreshList = {
      list: listNumber(owner.position, tier),
      floor,
      spare: spareOf(size, floor?.score ?? null),
    };
    freshLists.set(id, [...(freshLists.get(id) ?? []).filter((known) => known.list !== list.list), list]);
    listsByNumber.set(list.list, list);
  };
  const lose = (number: number): void => {
    const known = listsByNumber.get(number);
    if (known) known.spare -= 1;
    const position = packedPositions[positionOfList(number)] ?? -1;
    const at = 2 * position + tierOfList(number);
    if (position >= 0 && isReplaced[position] === 0) spare[at] = (spare[at] as number) - 1;
  };
  const readPeople = ({ people: rows, left }: PlacedLine): void => {
    for (const row of rows) {
      replace(row.id);
      gone.delete(row.id);
      fresh.set(row.id, freshOf(base, row, asOf));
    }
    for (const id of left) {
      replace(id);
      fresh.delete(id);
      gone.add(id);
    }
  };
  const readHeads = (heads: Uint8Array): void => {
    const view = new DataView(heads.buffer, heads.byteOffset, heads.byteLength);
    for (let at = 0; at < heads.length; at += SIZED_HEAD_BYTES) {
      const [id, tier, size] = [userIdOf(view, at), tierOf(view, at), headSizeOf(view, at)];
      const position = people.positionOf(id);
      if (position === undefined || isReplaced[position] === 1) {
        addList(id, tier, size, floorOf(view, at));
        continue;
      }
      const score = floorScoreOf(view, at);
      const hasFloor = !Number.isNaN(score);
      floors[2 * position + tier] = hasFloor ? score : Number.NEGATIVE_INFINITY;
      floorUserIds[2 * position + tier] = floorUserIdOf(view, at);
      spare[2 * position + tier] = spareOf(size, hasFloor ? score : null);
    }
  };
  const readLine = (line: PlacedLine, heads: Uint8Array): void => {
    readPeople(line);
    if (!hasHeads) readHeads(heads);
    hasHeads = true;
    for (const [id, tier, size, score, userId] of line.lists)
      addList(id, tier, size, score === null ? null : { score, userId: userId ?? 0 });
    for (const list of line.lost) lose(list);
  };
  const placed: PlacedPeople = {
    base,
    asOf,
    scores: openPackedScores(people.packed),
    sides: openViewerSides(people),
    fresh,
    replaced,
    floors,
    floorUserIds,
    spare,
    entered,
    freshLists,
    find(id) {
      const known = fresh.get(id);
      if (known || gone.has(id)) return known ?? null;
      const position = people.positionOf(id);
      return position === undefined ? null : people.readOnce(position);
    },
    follow({ log, logged, heads }) {
      // Another call has read more than this one knows of: what it computes will not be stored.
      if (logged <= read) return;
      const lines = Buffer.from(log.subarray(read, logged)).toString().split("\n");
      read = logged;
      for (const line of lines) if (line !== "") readLine(JSON.parse(line) as PlacedLine, heads);
    },
  };
  placed.follow(source);
  return placed;
}
