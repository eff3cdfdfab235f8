import { LIST_SIZES, NO_FLOOR, type PostingRank } from "./diversity.ts";

/**
 * A list that is being filled by numbers that stand for what is offered. The rules are those of `openList`,
 * which it is tested against; one is used for list after list, without memory of its own for each.
 */
export type ListPlaces = {
  readonly first: Int32Array;
  readonly rest: Int32Array;
  firstSize: number;
  restSize: number;
  /** Items in the first places by the number of their company, and the companies of these items. */
  ofCompany: Uint8Array;
  readonly companies: Int32Array;
  readonly clusters: Set<number>;
  /** The first item that found no place, and the last that was offered. */
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
export const openPlaces = (): ListPlaces => ({
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
export function offerPlace(
  places: ListPlaces,
  item: number,
  score: number,
  id: number,
  cluster: number,
  company: number,
): boolean {
  places.lastScore = score;
  places.lastId = id;
  if (cluster >= 0) {
    if (places.clusters.has(cluster)) return isFull(places);
    places.clusters.add(cluster);
  }
  if (takesFirst(places, company)) places.first[places.firstSize++] = item;
  else if (places.restSize < REST_SIZE) places.rest[places.restSize++] = item;
  else if (!places.hasDropped) {
    places.hasDropped = true;
    places.droppedScore = score;
    places.droppedId = id;
  }
  return isFull(places);
}

/** Whether one of the first places is free for a company; if so, counts it. */
function takesFirst(places: ListPlaces, company: number): boolean {
  if (places.firstSize === LIST_SIZES.first) return false;
  if (company >= places.ofCompany.length) {
    const more = new Uint8Array(2 * company);
    more.set(places.ofCompany);
    places.ofCompany = more;
  }
  const taken = places.ofCompany[company] as number;
  if (taken === LIST_SIZES.perCompany) return false;
  places.ofCompany[company] = taken + 1;
  places.companies[places.firstSize] = company;
  return true;
}

const isFull = ({ firstSize, restSize }: ListPlaces): boolean =>
  firstSize === LIST_SIZES.first && restSize === REST_SIZE;

/** The item at a place: the first places, then the rest. */
export const itemAt = ({ first, rest, firstSize }: ListPlaces, place: number): number =>
  (place < firstSize ? first[place] : rest[place - firstSize]) as number;

/** Nothing that is not in the list comes before this, copies of what is in it aside. */
export function floorOf(places: ListPlaces): PostingRank {
  if (places.hasDropped) return { score: places.droppedScore, id: places.droppedId };
  return isFull(places) ? { score: places.lastScore, id: places.lastId } : NO_FLOOR;
}

/** Empties the list. */
export function emptyPlaces(places: ListPlaces): void {
  for (let n = 0; n < places.firstSize; n++) places.ofCompany[places.companies[n] as number] = 0;
  places.firstSize = 0;
  places.restSize = 0;
  if (places.clusters.size > 0) places.clusters.clear();
  places.hasDropped = false;
  places.lastScore = NO_FLOOR.score;
  places.lastId = NO_FLOOR.id;
}
