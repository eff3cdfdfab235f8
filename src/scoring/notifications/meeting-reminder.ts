const MINUTE_MS = 60_000;

/** How long before a meeting somebody may want to be reminded at most, and what holds for those who never said. */
export const LONGEST_OFFSET_MINUTES = 30;
export const DEFAULT_OFFSETS_MINUTES: readonly number[] = [30];

/** Whoever was invited less than so long ago knows of the meeting; they are reminded after that. */
export const INVITATION_FRESH_MINUTES = 5;

/** A participant of a meeting, and what they were reminded of already. */
export interface ReminderFacts {
  readonly startTime: Date;
  readonly status: "scheduled" | "cancelled" | "completed";
  readonly response: "pending" | "accepted" | "declined" | "tentative";
  readonly invitedAt: Date;
  /** Minutes before the start; none: they want no reminder. */
  readonly offsetsMinutes: readonly number[];
  /** The offsets that have been settled for this meeting, this user and this very start. */
  readonly settledMinutes: readonly number[];
}

export type ReminderDecision =
  | {
      readonly kind: "remind";
      /** The nearest offset that has come. */
      readonly offsetMinutes: number;
      /** Those that came before it and were missed: settled with it, so that one reminder does for all of them. */
      readonly passedMinutes: readonly number[];
    }
  | {
      readonly kind: "none";
      readonly reason:
        | "not-scheduled"
        | "begun"
        | "declined"
        | "no-reminder-wanted"
        | "too-early"
        | "just-invited"
        | "already-reminded";
    };

const none = (reason: Extract<ReminderDecision, { kind: "none" }>["reason"]): ReminderDecision => ({
  kind: "none",
  reason,
});

/**
 * A reminder is due from its offset before the start until the start itself; of several that are due the nearest is sent, once for
 * each (meeting, user, offset, start). One that was missed is still sent, late, while the meeting has not begun.
 */
export function decideReminder(facts: ReminderFacts, now: Date): ReminderDecision {
  const leftMs = facts.startTime.getTime() - now.getTime();
  if (facts.status !== "scheduled") return none("not-scheduled");
  if (leftMs <= 0) return none("begun");
  if (facts.response === "declined") return none("declined");
  if (facts.offsetsMinutes.length === 0) return none("no-reminder-wanted");
  const due = [...new Set(facts.offsetsMinutes)]
    .filter((offset) => leftMs <= offset * MINUTE_MS)
    .sort((a, b) => a - b);
  const [nearest, ...earlier] = due;
  if (nearest === undefined) return none("too-early");
  if (facts.settledMinutes.includes(nearest)) return none("already-reminded");
  if (now.getTime() - facts.invitedAt.getTime() < INVITATION_FRESH_MINUTES * MINUTE_MS)
    return none("just-invited");
  const passedMinutes = earlier.filter((offset) => !facts.settledMinutes.includes(offset));
  return { kind: "remind", offsetMinutes: nearest, passedMinutes };
}
