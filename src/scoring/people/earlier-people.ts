import { ageOf } from "./person.ts";
import type { PersonRow } from "./read-facts.ts";
import type { OpenPeople } from "./read-person.ts";

/** A version of the lists that the next one is computed from. */
export type EarlierVersion = {
  /** The instant of its lists, in milliseconds; not after that of the next version. */
  readonly asOf: number;
  /** Its positions, and who is at each of them. */
  readonly positions: Int32Array;
  readonly userIds: Float64Array;
  /** Users whose facts differ between both versions, or who have facts in the next one only. */
  readonly changedIds: Float64Array;
};

/** The people of an earlier version among packed people. */
export type EarlierPeople = {
  /** Packed positions by position in the earlier version; -1 for a person who has changed or left. */
  readonly packedPositions: Int32Array;
  /** Those who changed have the packed positions below this number. */
  readonly changed: number;
};

/** Collects the people who changed since an earlier version. A birthday counts, since it changes tiers. */
export function openChanged(earlier: EarlierVersion | null, asOf: number) {
  const ids = new Set(earlier?.changedIds);
  return {
    ids,
    add({ id, birthDate }: PersonRow): void {
      if (earlier !== null && ageOf(birthDate, earlier.asOf) !== ageOf(birthDate, asOf)) ids.add(id);
    },
  };
}

/** @param changed number of people who changed, all of whom are packed before the others. */
export function findEarlier(
  people: OpenPeople,
  { positions, userIds }: EarlierVersion,
  changed: number,
): EarlierPeople {
  const last = positions.reduce((max, position) => Math.max(max, position), -1);
  const packedPositions = new Int32Array(
    new SharedArrayBuffer((last + 1) * Int32Array.BYTES_PER_ELEMENT),
  ).fill(-1);
  for (const [n, position] of positions.entries()) {
    const packed = people.positionOf(userIds[n] as number);
    if (packed !== undefined && packed >= changed) packedPositions[position] = packed;
  }
  return { packedPositions, changed };
}
