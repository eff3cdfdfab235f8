export const NUDGE_KINDS = ["unread", "match", "profile"] as const;
export type NudgeKind = (typeof NUDGE_KINDS)[number];

export interface NudgeCapPolicy {
  /** E-mails to a user in a day of the user's zone. */
  readonly perDay: number;
  /** E-mails to a user in that day and the six before it. */
  readonly perWeek: number;
  /** Which kind goes before which, where there is room for one. */
  readonly priority: readonly NudgeKind[];
}

export const NUDGE_CAP_POLICY: NudgeCapPolicy = { perDay: 1, perWeek: 3, priority: NUDGE_KINDS };

/** What the e-mail of a nudge is measured by. */
export interface NudgeCapFacts {
  /** A zone that Intl knows. */
  readonly timeZone: string;
  /**
   * When the nudge e-mails that count were let through: those that went alone, and digests of nothing but nudges. Of the last
   * eight days at least, since local days are longer than 24 hours now and then.
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

/** Nudge e-mails of a user that count: in the local day, and in it and the six before it. */
export interface NudgeCounts {
  readonly today: number;
  readonly week: number;
}

/** @throws RangeError for a zone that nobody knows. */
export function countNudges({ timeZone, countedAt }: NudgeCapFacts, now: Date): NudgeCounts {
  const dayOf = localDays(timeZone);
  const today = dayOf(now);
  const ages = countedAt.filter((at) => at <= now).map((at) => today - dayOf(at));
  return { today: ages.filter((days) => days === 0).length, week: ages.filter((days) => days < 7).length };
}

/** How many nudge e-mails a user may still get today, and what stands against more. */
export function nudgeRoom(
  { today, week }: NudgeCounts,
  { perDay, perWeek }: Pick<NudgeCapPolicy, "perDay" | "perWeek">,
): { readonly left: number; readonly reason: "nudge-cap-day" | "nudge-cap-week" } {
  const left = Math.max(0, Math.min(perDay - today, perWeek - week));
  return { left, reason: week >= perWeek ? "nudge-cap-week" : "nudge-cap-day" };
}

/**
 * Which of the nudges that ask for an e-mail of their own get one: as many as there is room for, first by the priority of their
 * kind, then by id. Each verdict stands at the place of its candidate. Nudges of higher rank that wait for a digest are candidates
 * too: they take the room that others would use up.
 */
export function decideNudges(
  candidates: readonly NudgeCandidate[],
  counts: NudgeCounts,
  policy: NudgeCapPolicy,
): NudgeVerdict[] {
  const { left, reason } = nudgeRoom(counts, policy);
  const ranked = candidates.map((candidate, place) => ({ candidate, place }));
  ranked.sort((a, b) => byRank(a.candidate, b.candidate, policy) || a.place - b.place);
  const verdicts = new Array<NudgeVerdict>(candidates.length);
  ranked.forEach(({ place }, rank) => {
    if (rank < left) verdicts[place] = { kind: "send" };
    else verdicts[place] = { kind: "hold", reason: left > 0 ? "nudge-outranked" : reason };
  });
  return verdicts;
}

/**
 * What becomes of the nudges of a digest. In a digest that goes anyway they are free and do not count. A digest of nothing but
 * nudges is one nudge e-mail, whatever it holds: it counts, or all of it is held.
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
  // A kind that the policy does not name comes after those that it does.
  const rank = (kind: NudgeKind) => (priority.includes(kind) ? priority.indexOf(kind) : priority.length);
  return rank(a.kind) - rank(b.kind) || compareIds(a.id, b.id);
}

const compareIds = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);

const DAY_MS = 24 * 3_600_000;

/** Numbers the local days of a zone in a row. @throws RangeError for a zone that nobody knows. */
function localDays(timeZone: string): (at: Date) => number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    year: "numeric",
    month: "numeric",
    day: "numeric",
  });
  return (at) => {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    return (
      Date.UTC(parts.get("year") ?? Number.NaN, (parts.get("month") ?? 1) - 1, parts.get("day")) / DAY_MS
    );
  };
}
