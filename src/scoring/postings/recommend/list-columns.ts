import { COMPONENT_BYTES, copyComponents } from "./components.ts";
import { type ClosedList, LIST_SIZES, servedCount } from "./diversity.ts";
import type { ListItem } from "./fill-list.ts";
import type { StoredList } from "./merge-list.ts";

/** Stored lists in the order in which they are read. */
export type EncodedLists = {
  readonly userIds: Float64Array;
  readonly sizes: Int32Array;
  readonly floorScores: Float64Array;
  readonly floorIds: Float64Array;
  /** The instants that they were computed for, in milliseconds. */
  readonly asOf: Float64Array;
  /** 1: computed with embeddings. */
  readonly isSemantic: Int32Array;
  /** Ids and scores of each list as array_send gives them. */
  readonly postingIds: Uint8Array;
  readonly scores: Uint8Array;
  readonly components: Uint8Array;
  /** `packUser` of each user, and the number of its bytes. */
  readonly facts: Uint8Array;
  readonly factSizes: Int32Array;
};

/** A stored list with its user. */
export type DecodedList = StoredList & {
  readonly userId: number;
  readonly isSemantic: boolean;
  /** Of `packUser`. */
  readonly facts: string;
};

/**
 * Layout of array_send: a header of 20 bytes, of 12 for an empty array, then the length and value of each
 * element.
 */
const EMPTY_ARRAY = 12;
const ARRAY_HEADER = 20;
const ELEMENT_LENGTH = 4;
const ELEMENT = ELEMENT_LENGTH + 8;
const arrayBytes = (size: number): number => (size === 0 ? EMPTY_ARRAY : ARRAY_HEADER + size * ELEMENT);

const TWO_TO_32 = 4_294_967_296;

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

/** Reads stored lists in their order. */
export function* decodeLists(lists: EncodedLists): Generator<DecodedList> {
  const { userIds, sizes, components, factSizes } = lists;
  const [idView, scoreView] = [viewOf(lists.postingIds), viewOf(lists.scores)];
  const facts = Buffer.from(lists.facts.buffer, lists.facts.byteOffset, lists.facts.byteLength);
  let [arrayAt, entryAt, factsAt] = [0, 0, 0];
  for (const [n, userId] of userIds.entries()) {
    const size = sizes[n] as number;
    const [ids, scores] = [new Float64Array(size), new Float64Array(size)];
    for (let entry = 0, at = arrayAt + ARRAY_HEADER + ELEMENT_LENGTH; entry < size; entry++, at += ELEMENT) {
      ids[entry] = idView.getInt32(at) * TWO_TO_32 + idView.getUint32(at + 4);
      scores[entry] = scoreView.getFloat64(at);
    }
    const factsEnd = factsAt + (factSizes[n] as number);
    yield {
      userId,
      ids,
      scores,
      components: components.subarray(entryAt * COMPONENT_BYTES, (entryAt + size) * COMPONENT_BYTES),
      floor: { score: lists.floorScores[n] as number, id: lists.floorIds[n] as number },
      asOf: lists.asOf[n] as number,
      isSemantic: lists.isSemantic[n] === 1,
      facts: facts.toString("utf8", factsAt, factsEnd),
    };
    arrayAt += arrayBytes(size);
    entryAt += size;
    factsAt = factsEnd;
  }
}

/** Lists as columns of numbers, one after the other: list n has `sizes[n]` entries. */
export type ListColumns = {
  readonly userIds: Float64Array;
  readonly sizes: Int32Array;
  readonly firstSizes: Int32Array;
  readonly floorScores: Float64Array;
  readonly floorIds: Float64Array;
  readonly postingIds: Float64Array;
  readonly scores: Float64Array;
  readonly components: Uint8Array;
};

/** Texts in UTF-8, one after the other. */
export type TextColumn = { readonly bytes: Uint8Array; readonly sizes: Int32Array };

export function textsAsColumn(texts: readonly string[]): TextColumn {
  const bytes = Buffer.from(texts.join(""));
  return { bytes, sizes: Int32Array.from(texts, (text) => Buffer.byteLength(text)) };
}

/** Columns for at most a number of full lists. */
export function openListColumns(lists: number) {
  const entries = lists * LIST_SIZES.stored;
  const columns = {
    userIds: new Float64Array(lists),
    sizes: new Int32Array(lists),
    firstSizes: new Int32Array(lists),
    floorScores: new Float64Array(lists),
    floorIds: new Float64Array(lists),
    postingIds: new Float64Array(entries),
    scores: new Float64Array(entries),
    components: new Uint8Array(entries * COMPONENT_BYTES),
  };
  let [count, at] = [0, 0];
  return {
    add(userId: number, { items, first, floor }: ClosedList<ListItem>): void {
      columns.userIds[count] = userId;
      columns.sizes[count] = items.length;
      columns.firstSizes[count] = first;
      columns.floorScores[count] = floor.score;
      columns.floorIds[count] = floor.id;
      count += 1;
      copyComponents(columns.components, at, items);
      for (const { id, score } of items) {
        columns.postingIds[at] = id;
        columns.scores[at++] = score;
      }
    },
    /** The lists that were added. */
    end: (): ListColumns => ({
      userIds: columns.userIds.slice(0, count),
      sizes: columns.sizes.slice(0, count),
      firstSizes: columns.firstSizes.slice(0, count),
      floorScores: columns.floorScores.slice(0, count),
      floorIds: columns.floorIds.slice(0, count),
      postingIds: columns.postingIds.slice(0, at),
      scores: columns.scores.slice(0, at),
      components: columns.components.slice(0, at * COMPONENT_BYTES),
    }),
  };
}

/** Number of entries that are served of lists. */
export const servedOf = ({ sizes, firstSizes }: ListColumns): number =>
  sizes.reduce((sum, size, n) => sum + servedCount(size, firstSizes[n] as number), 0);
