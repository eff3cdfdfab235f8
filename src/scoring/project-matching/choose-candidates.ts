/** Why a candidate is passed over. */
export const NOTICE_SKIP_REASONS = [
  "hidden",
  "on-the-team",
  "applied",
  "rejected",
  "told-before",
  "told-today",
] as const;
export type NoticeSkipReason = (typeof NOTICE_SKIP_REASONS)[number];

/** A candidate of a project at or above the score. */
export type CandidatePair = {
  readonly projectId: string;
  readonly volunteerId: string;
  readonly score: number;
  readonly matchedCount: number;
  /** What stands against telling them; null: nothing. */
  readonly skip: NoticeSkipReason | null;
};

export type ChosenCandidates = {
  /** Whom to tell of which project, in the order in which they were chosen. */
  readonly chosen: readonly CandidatePair[];
  /** Who was passed over while their project still had a place. */
  readonly passedOver: readonly (CandidatePair & { readonly skip: NoticeSkipReason })[];
};

/** How long nobody is told of the same project again, unless the score rose by so much. */
export const TOLD_AGAIN = { afterDays: 30, scoreRise: 0.1 } as const;

/**
 * Takes candidates greedily by score, then project, then matched skills and volunteer, until each project has `places`. A volunteer is
 * taken once, whatever the number of projects; a place that a rule frees goes to the next best.
 */
export function chooseCandidates(pairs: readonly CandidatePair[], places: number): ChosenCandidates {
  const ordered = [...pairs].sort(compareAll);
  const taken = new Map<string, number>();
  const told = new Set<string>();
  const chosen: CandidatePair[] = [];
  const passedOver: (CandidatePair & { skip: NoticeSkipReason })[] = [];
  for (const pair of ordered) {
    const filled = taken.get(pair.projectId) ?? 0;
    if (filled >= places) continue;
    const skip = pair.skip ?? (told.has(pair.volunteerId) ? "told-today" : null);
    if (skip !== null) {
      passedOver.push({ ...pair, skip });
      continue;
    }
    taken.set(pair.projectId, filled + 1);
    told.add(pair.volunteerId);
    chosen.push(pair);
  }
  return { chosen, passedOver };
}

const compareIds = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);

const compareAll = (a: CandidatePair, b: CandidatePair): number =>
  b.score - a.score ||
  compareIds(a.projectId, b.projectId) ||
  b.matchedCount - a.matchedCount ||
  compareIds(a.volunteerId, b.volunteerId);

/** The texts of the notice that are compared. */
export const NOTICE_VARIANTS = ["wanted", "fit"] as const;
export type NoticeVariant = (typeof NOTICE_VARIANTS)[number];
