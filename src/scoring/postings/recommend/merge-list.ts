import { type ClosedList, LIST_SIZES, servedCount } from "../diversity.ts";
import { COMPONENT_BYTES } from "./components.ts";
import type { RecommendUser } from "./facts.ts";
import { DAY, isInWindow } from "./score-posting.ts";
import type { KeptEntry, ListItem } from "./search-postings.ts";

/** A list as it is stored. */
export type StoredList = {
  readonly ids: ArrayLike<number>;
  readonly scores: ArrayLike<number>;
  readonly components: Uint8Array;
  readonly floor: number;
};

/** What a merge needs to know of a posting that is open. */
export type OpenPosting = {
  readonly cluster: number | null;
  readonly company: string;
  readonly postedAt: number;
  readonly scrapedAt: number;
  /** It is new, has changed, has copies, or crossed a step of freshness: it is scored again for everyone. */
  readonly isChanged: boolean;
};

/**
 * The entries of a stored list that are as they were: their postings are open and unchanged, so their scores
 * hold. A user whose own facts changed has no such entries.
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
    const stored = list.components.subarray(n * COMPONENT_BYTES, (n + 1) * COMPONENT_BYTES);
    kept.push({ id, score: list.scores[n] as number, cluster, company, stored });
  }
  return kept;
}

/**
 * Whether a merged list is what a full computation gives. Scores only fall with time, so what was not in the
 * stored list still scores at most its floor, unless it is scored again: the list is complete where all that
 * is served scores more.
 */
export function isComplete({ items, first }: ClosedList<ListItem>, storedFloor: number): boolean {
  if (storedFloor === 0) return true;
  const served = servedCount(items.length, first);
  if (served < LIST_SIZES.served) return false;
  return items.slice(0, served).every(({ score }) => score > storedFloor);
}
