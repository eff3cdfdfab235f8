import { type ClosedList, servedCount } from "../diversity.ts";
import { COMPONENT_BYTES, writeComponents } from "./components.ts";
import type { StoredList } from "./merge-list.ts";
import type { ListItem } from "./search-postings.ts";

/** A stored list with arrays as Postgres sends them, in base64. */
export type EncodedList = {
  readonly ids: string;
  readonly scores: string;
  readonly components: string;
  readonly floor: number;
  /** The version that it was computed by. */
  readonly version: string;
};

/** Lists as columns of numbers, one after the other: list n has `sizes[n]` entries. */
export type ListColumns = {
  readonly userIds: Float64Array;
  readonly sizes: Int32Array;
  readonly firstPlaces: Int32Array;
  readonly floors: Float64Array;
  readonly postingIds: Float64Array;
  readonly scores: Float64Array;
  readonly components: Uint8Array;
};

/** Layout of array_send: 20 bytes, then the length and value of each element; shorter for an empty array. */
const ARRAY_HEADER = 20;
const LENGTH_BYTES = 4;
const ELEMENT_BYTES = 8;

function decodeArray(base64: string, read: (view: DataView, at: number) => number): Float64Array {
  const bytes = Buffer.from(base64, "base64");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = Math.max(0, (bytes.byteLength - ARRAY_HEADER) / (LENGTH_BYTES + ELEMENT_BYTES));
  return Float64Array.from({ length: size }, (_, n) =>
    read(view, ARRAY_HEADER + n * (LENGTH_BYTES + ELEMENT_BYTES) + LENGTH_BYTES),
  );
}

/** Reads a stored list. */
export const decodeList = ({ ids, scores, components, floor }: EncodedList): StoredList => ({
  ids: decodeArray(ids, (view, at) => Number(view.getBigInt64(at))),
  scores: decodeArray(scores, (view, at) => view.getFloat64(at)),
  components: Buffer.from(components, "base64"),
  floor,
});

/** Lists as columns. */
export function columnsOf(lists: readonly { userId: number; list: ClosedList<ListItem> }[]): ListColumns {
  const entries = lists.reduce((sum, { list }) => sum + list.items.length, 0);
  const columns = {
    userIds: new Float64Array(lists.length),
    sizes: new Int32Array(lists.length),
    firstPlaces: new Int32Array(lists.length),
    floors: new Float64Array(lists.length),
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
    columns.floors[n] = list.floor;
    for (const item of list.items) {
      columns.postingIds[at] = item.id;
      columns.scores[at] = item.score;
      if ("stored" in item) columns.components.set(item.stored, at * COMPONENT_BYTES);
      else writeComponents(view, at * COMPONENT_BYTES, item.components);
      at += 1;
    }
  }
  return columns;
}

/** Number of entries that are served of lists. */
export const servedOf = ({ sizes, firstPlaces }: ListColumns): number =>
  sizes.reduce((sum, size, n) => sum + servedCount(size, firstPlaces[n] as number), 0);
