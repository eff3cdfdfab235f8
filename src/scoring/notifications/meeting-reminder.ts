const MINUTE_MS = 60_000;

/** The longest offset that can be chosen, and the offsets of users who have chosen none. */
export const LONGEST_OFFSET_MINUTES = 30;
export const DEFAULT_OFFSETS_MINUTES: readonly number[] = [30];

/** No reminder is sent this soon after the invitation. */
export const INVITATION_FRESH_MINUTES = 5;

/** A participant of a meeting, and the reminders that were sent to them. */
export interface ReminderFacts {
  readonly startTime: Date;
  readonly status: "scheduled" | "cancelled" | "completed";
  readonly response: "pending" | "accepted" | "declined" | "tentative";
  readonly invitedAt: Date;
  /** Minutes before the start; empty when they want no reminder. */
  readonly offsetsMinutes: readonly number[];
  /** Offsets that were settled for this meeting, user and start. */
  readonly settledMinutes: readonly number[];
}

export type ReminderDecision =
  | {
      readonly kind: "remind";
      /** The offset closest to the start among those that are due. */
      readonly offsetMinutes: number;
      /** Earlier offsets that were missed. They are settled with this one. */
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
 * An offset is due from that many minutes before the start until the start; the one closest to the start is
 * sent, at most once for each (meeting, user, offset, start), and settles the others that are due. So a
 * missed reminder is sent late, as long as the meeting has not begun.
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
