import { areSameComponents } from "./components.ts";
import { type ClosedList, compareRanks, LIST_SIZES, type PostingRank, servedCount } from "./diversity.ts";
import type { RecommendUser } from "./facts.ts";
import type { KeptEntry, ListItem } from "./fill-list.ts";
import { DAY, isInWindow } from "./score-posting.ts";

/** A stored list. */
export type StoredList = {
  readonly ids: ArrayLike<number>;
  readonly scores: ArrayLike<number>;
  readonly components: Uint8Array;
  readonly floor: PostingRank;
  /** The instant that it was computed for, in milliseconds. */
  readonly asOf: number;
};

/** The facts of an open posting that a merge needs. */
export type OpenPosting = {
  readonly cluster: number | null;
  /** The number of `companyNumber`. */
  readonly company: number;
  readonly postedAt: number;
  readonly scrapedAt: number;
  /** It is new, has changed, has copies, or crossed a step of freshness: it is scored again for everyone. */
  readonly isChanged: boolean;
};

/**
 * The unchanged entries of a stored list: their postings are open and unchanged, so their scores hold. A user
 * whose own facts changed has no such entries.
 *
 * @param asOf in milliseconds.
 */
export function keptEntries(
  list: StoredList,
  postings: ReadonlyMap<number, OpenPosting>,
  user: RecommendUser,
  asOf: number,
): KeptEntry[] {
  const kept: KeptEntry[] = [];
  for (let n = 0; n < list.ids.length; n++) {
    const id = list.ids[n] as number;
    const posting = postings.get(id);
    if (posting === undefined || posting.isChanged || !isInWindow(posting.scrapedAt, asOf)) continue;
    if (asOf - posting.postedAt > user.freshnessDays * DAY) continue;
    const { cluster, company } = posting;
    kept.push({
      id,
      score: list.scores[n] as number,
      cluster,
      company,
      components: list.components,
      index: n,
    });
  }
  return kept;
}

/**
 * Whether a merged list equals a full computation. Scores only fall with time, so what was not in the stored
 * list still comes after its floor, unless it is scored again: the list is complete where nothing that is
 * served comes after the floor. Ties are common: all postings that only match by title have the same score.
 */
export function isComplete({ items, first }: ClosedList<ListItem>, storedFloor: PostingRank): boolean {
  if (storedFloor.score === 0) return true;
  const served = servedCount(items.length, first);
  if (served < LIST_SIZES.served) return false;
  return items.slice(0, served).every((item) => compareRanks(item, storedFloor) <= 0);
}

/** The floor of a merged list: the first of its own and that of the stored list. */
export const mergedFloor = ({ floor }: ClosedList<ListItem>, storedFloor: PostingRank): PostingRank =>
  compareRanks(floor, storedFloor) <= 0 ? floor : storedFloor;

/** An entry expires three days after it was recommended, so a list is stored again before that. */
export const STAYS_FOR_MS = DAY / 2;

/** Whether a merged list has the entries of the stored one, which is recent enough to stay as it is. */
export const isSameList = ({ items }: ClosedList<ListItem>, stored: StoredList, asOf: number): boolean =>
  asOf - stored.asOf <= STAYS_FOR_MS &&
  items.length === stored.ids.length &&
  items.every((item, n) => isEntry(item, stored, n));

/** Whether an item is the entry at index `n` of a stored list, or was scored again and is the same. */
const isEntry = (item: ListItem, { ids, scores, components }: StoredList, n: number): boolean =>
  item.id === ids[n] &&
  item.score === scores[n] &&
  ((item.components === components && item.index === n) || areSameComponents(item, { components, index: n }));
