import type { Components } from "./recommend/components.ts";
import { type ClosedList, compareRanks, LIST_SIZES, openList, servedCount } from "./recommend/diversity.ts";
import type { RecommendUser } from "./recommend/facts.ts";
import { companyKey } from "./recommend/read-facts.ts";
import {
  feedbackFactor,
  MAX_DISMISSED_COMPANY,
  MAX_DISMISSED_WORDS,
  RECOMMEND_LIMITS,
} from "./recommend/score-posting.ts";
import { roleWordsOf } from "./recommend/title.ts";

/** An entry of a stored list, with the current state of its posting. */
export type StoredEntry = {
  readonly id: number;
  readonly score: number;
  readonly components: Components;
  readonly cluster: number | null;
  /** As written. */
  readonly company: string;
  readonly title: string;
};

/** The feedback of a user, from before and after the list was computed. */
export type Feedback = Pick<RecommendUser, "hidden" | "dismissedCompanies" | "dismissedWords" | "seenDays">;

export type ServedEntry<E extends StoredEntry> = { readonly entry: E; readonly score: number };

/**
 * The served part of a stored list, best first: each score times the factor of the current feedback, divided
 * by the factor that it was computed with. Postings that are hidden, seen too often, or below 0.20 are left
 * out, and the reserve of the list takes their places. Without new feedback this is the stored list.
 */
export function serveList<E extends StoredEntry>(
  entries: readonly E[],
  feedback: Feedback,
): ServedEntry<E>[] {
  const scored = entries.flatMap((entry) => {
    const score = scoreNow(entry, feedback);
    return score === null ? [] : [{ entry, score, id: entry.id }];
  });
  const list = openList<ServedEntry<E>>();
  for (const { entry, score, id } of scored.sort(compareRanks)) {
    const listed = { cluster: entry.cluster, company: companyKey(entry.company) };
    if (list.offer({ entry, score }, listed, { score, id })) break;
  }
  return served(list.close());
}

const served = <T>({ items, first }: ClosedList<T>): T[] =>
  items.slice(0, servedCount(Math.min(items.length, LIST_SIZES.stored), first));

function scoreNow({ id, score, components, company, title }: StoredEntry, feedback: Feedback): number | null {
  const { hidden, seenDays, dismissedCompanies, dismissedWords } = feedback;
  const days = seenDays.get(id) ?? 0;
  if (hidden.has(id) || days >= RECOMMEND_LIMITS.seen.outFromDay) return null;
  const ofCompany = dismissedCompanies.size === 0 ? 0 : (dismissedCompanies.get(companyKey(company)) ?? 0);
  const ofTitle =
    dismissedWords.size === 0 ? 0 : roleWordsOf(title).filter((word) => dismissedWords.has(word)).length;
  const now = feedbackFactor({
    dismissedCompany: Math.min(MAX_DISMISSED_COMPANY, ofCompany),
    dismissedWords: Math.min(MAX_DISMISSED_WORDS, ofTitle),
    seenDays: days,
  });
  const current = score * (now / feedbackFactor(components));
  return current < RECOMMEND_LIMITS.minimum ? null : current;
}
