import type { Floor } from "./floor.ts";
import type { PairTier } from "./score-pair.ts";
import { arrayBytes, HEAD_BYTES, readFloor, sizeOf, tierOf, userIdOf, valueAt } from "./sent-lists.ts";

/** A list of an earlier version. */
export type EarlierList = {
  readonly floor: Floor | null;
  /** Of its candidates, in the earlier version. */
  readonly positions: Int32Array;
};
export type EarlierLists = { readonly [Tier in PairTier]: EarlierList };

/**
 * Opens lists of an earlier version, which are stored one after the other, each as a head and positions
 * (sent-lists.ts).
 *
 * @returns gives both lists of a user; null where one is missing.
 */
export function openEarlierLists(bytes: Uint8Array): (userId: number) => EarlierLists | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const heads = new Map<number, number[]>();
  for (let at = 0; at < bytes.length; ) {
    const userId = userIdOf(view, at);
    const ofUser = heads.get(userId) ?? [];
    heads.set(userId, ofUser);
    ofUser[tierOf(view, at)] = at;
    at += HEAD_BYTES + arrayBytes(sizeOf(view, at + HEAD_BYTES));
  }
  return (userId) => {
    const [a, b] = heads.get(userId) ?? [];
    return a === undefined || b === undefined ? null : { A: readList(view, a), B: readList(view, b) };
  };
}

function readList(view: DataView, head: number): EarlierList {
  const array = head + HEAD_BYTES;
  const positions = new Int32Array(sizeOf(view, array));
  for (let n = 0; n < positions.length; n++) positions[n] = view.getInt32(array + valueAt(n));
  return { floor: readFloor(view, head), positions };
}
