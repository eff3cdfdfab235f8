import { localDay } from "../local-time.ts";

export const NUDGE_KINDS = ["unread", "match", "profile"] as const;
export type NudgeKind = (typeof NUDGE_KINDS)[number];

export interface NudgeCapPolicy {
  /** Nudge e-mails to a user per day of the user's time zone. */
  readonly perDay: number;
  /** Nudge e-mails to a user in that day and the six before it. */
  readonly perWeek: number;
  /** The order of kinds, first the one that is sent first. */
  readonly priority: readonly NudgeKind[];
}

export const NUDGE_CAP_POLICY: NudgeCapPolicy = { perDay: 1, perWeek: 3, priority: NUDGE_KINDS };

/** The facts that the cap is computed from. */
export interface NudgeCapFacts {
  /** A time zone that Intl knows. */
  readonly timeZone: string;
  /**
   * When e-mails that count were sent, or will be: single nudges, and digests of nothing but nudges. At least
   * those of the last eight days, since a local day may be longer than 24 hours.
   */
  readonly countedAt: readonly Date[];
}

export interface NudgeCandidate {
  readonly id: string;
  readonly kind: NudgeKind;
}

export type NudgeHoldReason = "nudge-cap-day" | "nudge-cap-week" | "nudge-outranked";
export type NudgeVerdict =
  | { readonly kind: "send" }
  | { readonly kind: "hold"; readonly reason: NudgeHoldReason };

/** Nudge e-mails of a user that count: from today on, and from six days before on, in local days. */
export interface NudgeCounts {
  readonly today: number;
  readonly week: number;
}

/**
 * today = e-mails of the local day of `now` or later; week = those and the ones of the six days before. An
 * e-mail that is deferred counts today and on the day it is sent.
 *
 * @throws RangeError for an unknown time zone.
 */
export function countNudges({ timeZone, countedAt }: NudgeCapFacts, now: Date): NudgeCounts {
  if (countedAt.length === 0) return { today: 0, week: 0 };
  const today = localDay(now, timeZone);
  const ages = countedAt.map((at) => today - localDay(at, timeZone));
  return { today: ages.filter((days) => days <= 0).length, week: ages.filter((days) => days < 7).length };
}

/** left = max(0, min(perDay - today, perWeek - week)) nudge e-mails today, and the cap that forbids more. */
export function nudgeRoom(
  { today, week }: NudgeCounts,
  { perDay, perWeek }: Pick<NudgeCapPolicy, "perDay" | "perWeek">,
): { readonly left: number; readonly reason: "nudge-cap-day" | "nudge-cap-week" } {
  const left = Math.max(0, Math.min(perDay - today, perWeek - week));
  return { left, reason: week >= perWeek ? "nudge-cap-week" : "nudge-cap-day" };
}

/**
 * Sends the first `left` (see `nudgeRoom`) of the candidates by the priority of their kind, then by id; holds
 * the rest.
 *
 * Nudges that wait for a digest are candidates too, since they use up the cap.
 *
 * @returns a verdict per candidate, in the order of the input.
 */
export function decideNudges(
  candidates: readonly NudgeCandidate[],
  counts: NudgeCounts,
  policy: NudgeCapPolicy,
): NudgeVerdict[] {
  const { left, reason } = nudgeRoom(counts, policy);
  const ranked = candidates.map((candidate, index) => ({ candidate, index }));
  ranked.sort((a, b) => byRank(a.candidate, b.candidate, policy) || a.index - b.index);
  const verdicts = new Array<NudgeVerdict>(candidates.length);
  ranked.forEach(({ index }, rank) => {
    if (rank < left) verdicts[index] = { kind: "send" };
    else verdicts[index] = { kind: "hold", reason: left > 0 ? "nudge-outranked" : reason };
  });
  return verdicts;
}

/** The items that wait for one digest of a user. Nudges that were held are left out: they open no digest. */
export interface WaitingDigest {
  readonly nudges: readonly NudgeCandidate[];
  readonly others: number;
}

/** candidates = the best nudge of each waiting digest of nothing but nudges, which is one e-mail. */
export const waitingCandidates = (
  digests: readonly WaitingDigest[],
  policy: NudgeCapPolicy,
): NudgeCandidate[] =>
  digests.flatMap(({ nudges, others }) =>
    others > 0 ? [] : [...nudges].sort((a, b) => byRank(a, b, policy)).slice(0, 1),
  );

/**
 * Nudges in a digest with other notifications are sent and do not count. A digest of nothing but nudges is
 * one e-mail: it counts, or is held as a whole when none is left.
 */
export function decideNudgeDigest(
  digest: { readonly nudges: number; readonly others: number },
  counts: NudgeCounts,
  policy: Pick<NudgeCapPolicy, "perDay" | "perWeek">,
): NudgeVerdict & { readonly counts: boolean } {
  if (digest.nudges === 0 || digest.others > 0) return { kind: "send", counts: false };
  const { left, reason } = nudgeRoom(counts, policy);
  return left > 0 ? { kind: "send", counts: true } : { kind: "hold", reason, counts: false };
}

function byRank(a: NudgeCandidate, b: NudgeCandidate, { priority }: NudgeCapPolicy): number {
  // Kinds that the policy does not name come last.
  const rank = (kind: NudgeKind) => (priority.includes(kind) ? priority.indexOf(kind) : priority.length);
  return rank(a.kind) - rank(b.kind) || compareIds(a.id, b.id);
}

const compareIds = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
