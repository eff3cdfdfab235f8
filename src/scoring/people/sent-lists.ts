import type { Floor } from "./floor.ts";

// Lists as Postgres sends them, big-endian: a head (user, tier, floor), and arrays as array_send gives them.

/** User, tier (0: A, 1: B), floor as score (NaN: none) and id. */
export const HEAD_BYTES = 8 + 1 + 8 + 8;

/** A head with the size of the list. */
export const SIZED_HEAD_BYTES = HEAD_BYTES + 4;

/** Ids are below 2^53. */
const idAt = (view: DataView, at: number): number => view.getInt32(at) * 2 ** 32 + view.getUint32(at + 4);

export const userIdOf = (view: DataView, head: number): number => idAt(view, head);
export const tierOf = (view: DataView, head: number): number => view.getUint8(head + 8);
/** NaN: none. */
export const floorScoreOf = (view: DataView, head: number): number => view.getFloat64(head + 9);
export const floorUserIdOf = (view: DataView, head: number): number => idAt(view, head + 17);

export function readFloor(view: DataView, head: number): Floor | null {
  const score = floorScoreOf(view, head);
  return Number.isNaN(score) ? null : { score, userId: floorUserIdOf(view, head) };
}

/** Of a head with a size. */
export const headSizeOf = (view: DataView, head: number): number => view.getInt32(head + HEAD_BYTES);

/**
 * An array of one dimension has a header, then a length and a value for each element; an empty one has
 * none.
 */
const ARRAY_HEADER = 20;
const EMPTY_ARRAY = 12;
const LENGTH_BYTES = 4;

/** Bytes of an array of values of four bytes. */
export const arrayBytes = (size: number): number =>
  size === 0 ? EMPTY_ARRAY : ARRAY_HEADER + size * (LENGTH_BYTES + 4);

/** Where the n-th value of an array is, from its beginning on. */
export const valueAt = (n: number): number => ARRAY_HEADER + n * (LENGTH_BYTES + 4) + LENGTH_BYTES;

export const sizeOf = (view: DataView, array: number): number =>
  view.getInt32(array) === 0 ? 0 : view.getInt32(array + 12);
