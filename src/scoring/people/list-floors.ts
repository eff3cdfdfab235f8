import type { UnpackedPerson } from "./current-people.ts";
import type { Floor } from "./floor.ts";
import type { OpenedPeople } from "./loaded-people.ts";
import { listNumber, positionOfList, tierOfList } from "./pair-entries.ts";
import { headSizeOf, readFloor, SIZED_HEAD_BYTES, tierOf, userIdOf } from "./sent-lists.ts";

/** A list of a person who has changed since the people were packed. */
export type FreshList = {
  readonly list: number;
  readonly floor: Floor | null;
  /** How many may leave before fewer are left than are served. */
  spare: number;
};

/** The floors of all lists of a version, as a thread keeps them between placements. */
export type ListFloors = {
  /**
   * Of the lists of packed people, by 2 x position + tier: the floors, -Infinity where nobody is outside of
   * the list and Infinity without a list, and how many may leave before fewer are left than are served.
   */
  readonly floors: Float64Array;
  readonly floorUserIds: Float64Array;
  readonly spare: Int32Array;
  /** The placement that last entered each of these lists, by its number. */
  readonly entered: Int32Array;
  /** Packed positions of people who were placed or left: their packed data is stale. */
  readonly replaced: readonly number[];
  /** The lists of those who were placed, by their ids. */
  readonly freshLists: ReadonlyMap<number, readonly FreshList[]>;
};

/** Floors that are updated as people are placed. */
export type GrowingFloors = ListFloors & {
  /** A person has changed since they were packed, or last placed. */
  replace(id: number): void;
  /** A list of a person who was placed. */
  add(owner: UnpackedPerson, tier: number, size: number, floor: Floor | null): void;
  /** The lists of everybody. @param heads with sizes (sent-lists.ts). */
  addAll(heads: Uint8Array, fresh: ReadonlyMap<number, UnpackedPerson>): void;
  /** A person left a list. */
  lose(list: number): void;
};

/** Larger than the number of people who can leave a list. */
const NEVER_SHORT = 2 ** 30;

/** @param served how many of a list are served. */
export function openFloors({ people, packedPositions }: OpenedPeople, served: number): GrowingFloors {
  const freshLists = new Map<number, FreshList[]>();
  const byNumber = new Map<number, FreshList>();
  const replaced: number[] = [];
  const isReplaced = new Uint8Array(people.count);
  const floors = new Float64Array(2 * people.count).fill(Number.POSITIVE_INFINITY);
  const floorUserIds = new Float64Array(2 * people.count);
  const spare = new Int32Array(2 * people.count);
  const spareOf = (size: number, floor: Floor | null): number =>
    floor === null ? NEVER_SHORT : size - served;
  const add: GrowingFloors["add"] = ({ own, position }, tier, size, floor) => {
    const list: FreshList = { list: listNumber(position, tier), floor, spare: spareOf(size, floor) };
    const others = (freshLists.get(own.id) ?? []).filter((known) => known.list !== list.list);
    freshLists.set(own.id, [...others, list]);
    byNumber.set(list.list, list);
  };
  const addPacked = (at: number, size: number, floor: Floor | null): void => {
    floors[at] = floor?.score ?? Number.NEGATIVE_INFINITY;
    floorUserIds[at] = floor?.userId ?? 0;
    spare[at] = spareOf(size, floor);
  };
  return {
    floors,
    floorUserIds,
    spare,
    entered: new Int32Array(2 * people.count),
    replaced,
    freshLists,
    add,
    replace(id) {
      for (const { list } of freshLists.get(id) ?? []) byNumber.delete(list);
      freshLists.delete(id);
      const position = people.positionOf(id);
      if (position === undefined || isReplaced[position] === 1) return;
      isReplaced[position] = 1;
      replaced.push(position);
      floors.fill(Number.POSITIVE_INFINITY, 2 * position, 2 * position + 2);
    },
    addAll(heads, fresh) {
      const view = new DataView(heads.buffer, heads.byteOffset, heads.byteLength);
      for (let at = 0; at < heads.length; at += SIZED_HEAD_BYTES) {
        const [id, tier, size] = [userIdOf(view, at), tierOf(view, at), headSizeOf(view, at)];
        const position = people.positionOf(id);
        const owner = fresh.get(id);
        if (owner) add(owner, tier, size, readFloor(view, at));
        else if (position !== undefined && isReplaced[position] === 0)
          addPacked(2 * position + tier, size, readFloor(view, at));
      }
    },
    lose(number) {
      const known = byNumber.get(number);
      if (known) known.spare -= 1;
      const position = packedPositions[positionOfList(number)] ?? -1;
      const at = 2 * position + tierOfList(number);
      if (position >= 0 && isReplaced[position] === 0) spare[at] = (spare[at] as number) - 1;
    },
  };
}
