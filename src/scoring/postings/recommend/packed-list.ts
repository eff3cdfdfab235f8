import { LIST_SIZES, NO_FLOOR, type PostingRank } from "./diversity.ts";

/**
 * A list that is filled with numbers that stand for items. It follows the rules of `openList`, against which
 * it is tested; one instance is reused for list after list, so that none needs memory of its own.
 */
export type PackedList = {
  readonly first: Int32Array;
  readonly rest: Int32Array;
  firstSize: number;
  restSize: number;
  /** Items at the top by the number of their company, and the companies of these items. */
  ofCompany: Uint8Array;
  readonly companies: Int32Array;
  readonly clusters: Set<number>;
  /** The first item that did not fit, and the last that was offered. */
  hasDropped: boolean;
  droppedScore: number;
  droppedId: number;
  lastScore: number;
  lastId: number;
};

const REST_SIZE = LIST_SIZES.stored - LIST_SIZES.first;
/** Companies that a list is opened for; later there may be more. */
const COMPANIES = 1_024;

/** Opens an empty list. */
export const openPackedList = (): PackedList => ({
  first: new Int32Array(LIST_SIZES.first),
  rest: new Int32Array(REST_SIZE),
  firstSize: 0,
  restSize: 0,
  ofCompany: new Uint8Array(COMPANIES),
  companies: new Int32Array(LIST_SIZES.first),
  clusters: new Set(),
  hasDropped: false,
  droppedScore: 0,
  droppedId: 0,
  lastScore: NO_FLOOR.score,
  lastId: NO_FLOOR.id,
});

/**
 * Offers the next best item. @returns whether the list is full, so that no further item enters it.
 *
 * @param cluster negative where no copy is known.
 */
export function offerItem(
  list: PackedList,
  item: number,
  score: number,
  id: number,
  cluster: number,
  company: number,
): boolean {
  list.lastScore = score;
  list.lastId = id;
  if (cluster >= 0) {
    if (list.clusters.has(cluster)) return isFull(list);
    list.clusters.add(cluster);
  }
  if (takesFirst(list, company)) list.first[list.firstSize++] = item;
  else if (list.restSize < REST_SIZE) list.rest[list.restSize++] = item;
  else if (!list.hasDropped) {
    list.hasDropped = true;
    list.droppedScore = score;
    list.droppedId = id;
  }
  return isFull(list);
}

/** Whether the top has room for another item of a company; if so, counts it. */
function takesFirst(list: PackedList, company: number): boolean {
  if (list.firstSize === LIST_SIZES.first) return false;
  if (company >= list.ofCompany.length) {
    const more = new Uint8Array(2 * company);
    more.set(list.ofCompany);
    list.ofCompany = more;
  }
  const taken = list.ofCompany[company] as number;
  if (taken === LIST_SIZES.perCompany) return false;
  list.ofCompany[company] = taken + 1;
  list.companies[list.firstSize] = company;
  return true;
}

const isFull = ({ firstSize, restSize }: PackedList): boolean =>
  firstSize === LIST_SIZES.first && restSize === REST_SIZE;

/** The item at an index: the top, then the rest. */
export const itemAt = ({ first, rest, firstSize }: PackedList, index: number): number =>
  (index < firstSize ? first[index] : rest[index - firstSize]) as number;

/** No posting outside the list ranks before this, except copies of those in it. */
export function floorOfPacked(list: PackedList): PostingRank {
  if (list.hasDropped) return { score: list.droppedScore, id: list.droppedId };
  return isFull(list) ? { score: list.lastScore, id: list.lastId } : NO_FLOOR;
}

/** Empties the list. */
export function emptyPackedList(list: PackedList): void {
  for (let n = 0; n < list.firstSize; n++) list.ofCompany[list.companies[n] as number] = 0;
  list.firstSize = 0;
  list.restSize = 0;
  if (list.clusters.size > 0) list.clusters.clear();
  list.hasDropped = false;
  list.lastScore = NO_FLOOR.score;
  list.lastId = NO_FLOOR.id;
}
