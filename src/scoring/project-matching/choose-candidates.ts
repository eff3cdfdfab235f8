import { compareIds } from "../compare-ids.ts";

/** Why a candidate is not notified. Runs under way store indexes into this list: append only. */
export const NOTICE_SKIP_REASONS = [
  "hidden",
  "on-the-team",
  "applied",
  "rejected",
  "notified-before",
  "notified-today",
  "dismissed",
] as const;
export type NoticeSkipReason = (typeof NOTICE_SKIP_REASONS)[number];

/** A candidate of a project whose score reaches the minimum. */
export type NoticePair = {
  readonly projectId: string;
  readonly volunteerId: string;
  readonly score: number;
  readonly matchedCount: number;
  /** The rule that forbids notifying them about this project; null when none does. */
  readonly skip: NoticeSkipReason | null;
};

export type ChosenCandidates = {
  /** Whom to notify of which project, in the order of choosing. */
  readonly chosen: readonly NoticePair[];
  /** Candidates that were skipped while their project still had an opening. */
  readonly skipped: readonly (NoticePair & { readonly skip: NoticeSkipReason })[];
};

/**
 * A volunteer is notified again about the same project after this time, or when their score has risen by this
 * much.
 */
export const NOTICE_REPEAT = { afterDays: 30, scoreRise: 0.1 } as const;

/**
 * Walks all pairs by score, then project, then matched skills, then volunteer, and takes each pair whose
 * project has an opening left, that no rule forbids, and whose volunteer was not taken before. A skipped
 * candidate leaves the opening to the next one.
 *
 * @param openings number of candidates per project, at least 0.
 */
export function chooseCandidates(pairs: readonly NoticePair[], openings: number): ChosenCandidates {
  const ordered = [...pairs].sort(comparePairs);
  const filled = new Map<string, number>();
  const notified = new Set<string>();
  const chosen: NoticePair[] = [];
  const skipped: (NoticePair & { skip: NoticeSkipReason })[] = [];
  for (const pair of ordered) {
    const taken = filled.get(pair.projectId) ?? 0;
    if (taken >= openings) continue;
    const skip = pair.skip ?? (notified.has(pair.volunteerId) ? "notified-today" : null);
    if (skip !== null) {
      skipped.push({ ...pair, skip });
      continue;
    }
    filled.set(pair.projectId, taken + 1);
    notified.add(pair.volunteerId);
    chosen.push(pair);
  }
  return { chosen, skipped };
}

const comparePairs = (a: NoticePair, b: NoticePair): number =>
  b.score - a.score ||
  compareIds(a.projectId, b.projectId) ||
  b.matchedCount - a.matchedCount ||
  compareIds(a.volunteerId, b.volunteerId);

/** The wordings of the notice that are compared in an experiment. */
export const NOTICE_VARIANTS = ["wanted", "fit"] as const;
export type NoticeVariant = (typeof NOTICE_VARIANTS)[number];
