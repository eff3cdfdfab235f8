import { type ClosedList, servedCount } from "../diversity.ts";
import { COMPONENT_BYTES, copyComponents, writeComponents } from "./components.ts";
import type { ListItem } from "./fill-list.ts";
import type { StoredList } from "./merge-list.ts";

/** A stored list as it is read: scores as Postgres sends an array, they and components in hexadecimal. */
export type EncodedList = {
  readonly ids: readonly number[];
  readonly scores: string;
  readonly components: string;
  /** A string where JSON has no number for it: infinity. */
  readonly floor: number | string;
  readonly floorId: number;
  /** The version that it was computed by. */
  readonly version: string;
  /** The instant that it was computed for, in milliseconds. */
  readonly asOf: number;
};

/** Lists as columns of numbers, one after the other: list n has `sizes[n]` entries. */
export type ListColumns = {
  readonly userIds: Float64Array;
  readonly sizes: Int32Array;
  readonly firstPlaces: Int32Array;
  readonly floorScores: Float64Array;
  readonly floorIds: Float64Array;
  readonly postingIds: Float64Array;
  readonly scores: Float64Array;
  readonly components: Uint8Array;
};

/** Layout of array_send: a header of 20 bytes, then the length and value of each element. */
const FIRST_VALUE = 24;
const STRIDE = 12;

function decodeScores(hex: string, size: number): Float64Array {
  const bytes = Buffer.from(hex, "hex");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const scores = new Float64Array(size);
  for (let n = 0; n < size; n++) scores[n] = view.getFloat64(FIRST_VALUE + n * STRIDE);
  return scores;
}

/** Reads a stored list. */
export const decodeList = ({ ids, scores, components, floor, floorId, asOf }: EncodedList): StoredList => ({
  ids,
  scores: decodeScores(scores, ids.length),
  components: Buffer.from(components, "hex"),
  floor: { score: Number(floor), id: floorId },
  asOf,
});

/** Lists as columns. */
export function listColumnsOf(lists: readonly { userId: number; list: ClosedList<ListItem> }[]): ListColumns {
  const entries = lists.reduce((sum, { list }) => sum + list.items.length, 0);
  const columns = {
    userIds: new Float64Array(lists.length),
    sizes: new Int32Array(lists.length),
    firstPlaces: new Int32Array(lists.length),
    floorScores: new Float64Array(lists.length),
    floorIds: new Float64Array(lists.length),
    postingIds: new Float64Array(entries),
    scores: new Float64Array(entries),
    components: new Uint8Array(entries * COMPONENT_BYTES),
  };
  const view = new DataView(columns.components.buffer);
  let at = 0;
  for (const [n, { userId, list }] of lists.entries()) {
    columns.userIds[n] = userId;
    columns.sizes[n] = list.items.length;
    columns.firstPlaces[n] = list.first;
    columns.floorScores[n] = list.floor.score;
    columns.floorIds[n] = list.floor.id;
    for (const item of list.items) {
      columns.postingIds[at] = item.id;
      columns.scores[at] = item.score;
      if ("place" in item) copyComponents(columns.components, at, item.components, item.place);
      else writeComponents(view, at * COMPONENT_BYTES, item.components);
      at += 1;
    }
  }
  return columns;
}

/** Number of entries that are served of lists. */
export const servedOf = ({ sizes, firstPlaces }: ListColumns): number =>
  sizes.reduce((sum, size, n) => sum + servedCount(size, firstPlaces[n] as number), 0);
