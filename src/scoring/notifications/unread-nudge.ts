const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export interface UnreadNudgePolicy {
  /** `UNREAD_THRESHOLD_MINUTES`: how long the oldest unread message must wait before the first nudge. */
  readonly thresholdMinutes: number;
}

export const UNREAD_NUDGE_POLICY: UnreadNudgePolicy = { thresholdMinutes: 180 };

/** Between the first nudge and the second, which is the last. */
const SECOND_NUDGE_AFTER_HOURS = 24;
/** After two nudges, the first message after this long without any starts over. */
export const SILENCE_HOURS = 12;
/** At most this many unread messages are counted per thread. */
export const MOST_UNREAD = 1_000;
/** Users who were active this recently are not nudged. */
const ACTIVE_WITHIN_MINUTES = 10;

export interface UnreadMessage {
  readonly id: string;
  readonly at: Date;
}

/** A nudge that was sent. Its key is (user, thread, oldest unread message, step). */
export interface GivenNudge {
  readonly oldestUnreadId: string;
  readonly oldestUnreadAt: Date;
  readonly step: number;
  readonly nudgedAt: Date;
}

/** A participant of a thread. Messages of their own are never unread. */
export interface UnreadFacts {
  /** By another user, and later than the last read one; null when everything is read. */
  readonly oldestUnread: UnreadMessage | null;
  readonly joinedAt: Date;
  readonly lastActiveAt: Date | null;
  readonly muted: boolean;
  /** The latest nudge about a message that is still unread. */
  readonly lastNudge: GivenNudge | null;
  /** After a second nudge: the first unread message by another user since then that followed a silence. */
  readonly afterSilence: UnreadMessage | null;
}

export type UnreadDecision =
  | { readonly kind: "nudge"; readonly step: 1 | 2; readonly about: UnreadMessage }
  | {
      readonly kind: "none";
      readonly reason: "read" | "nudged-twice" | "too-young" | "second-waits" | "muted" | "active";
      /** The earliest time at which the decision may change without a new event; null when it cannot. */
      readonly lookAt: Date | null;
    };

/** due = 24 hours after the first nudge. */
export const secondStepAt = (firstNudgeAt: Date): Date =>
  new Date(firstNudgeAt.getTime() + SECOND_NUDGE_AFTER_HOURS * HOUR_MS);

const later = (a: Date, b: Date): Date => (a > b ? a : b);

/**
 * The first nudge is due at max(oldest unread message, joining) + threshold, the second 24 hours after the
 * first.
 *
 * After the second there is none until the thread is read, or until a message after 12 hours of silence,
 * which then counts as the oldest unread one. There is none while the thread is muted, nor within 10 minutes
 * of the user's last activity.
 */
export function decideUnreadNudge(facts: UnreadFacts, policy: UnreadNudgePolicy, now: Date): UnreadDecision {
  const { oldestUnread, lastNudge, lastActiveAt } = facts;
  if (oldestUnread === null) return { kind: "none", reason: "read", lookAt: null };
  const next = nextStep(facts, oldestUnread, policy);
  if (next === null) return { kind: "none", reason: "nudged-twice", lookAt: null };
  if (next.dueAt > now) {
    const reason = lastNudge !== null && next.step === 2 ? "second-waits" : "too-young";
    return { kind: "none", reason, lookAt: next.dueAt };
  }
  if (facts.muted) return { kind: "none", reason: "muted", lookAt: null };
  const restUntil = lastActiveAt && new Date(lastActiveAt.getTime() + ACTIVE_WITHIN_MINUTES * MINUTE_MS);
  if (restUntil !== null && restUntil > now) return { kind: "none", reason: "active", lookAt: restUntil };
  return { kind: "nudge", step: next.step, about: next.about };
}

function nextStep(
  { joinedAt, lastNudge, afterSilence }: UnreadFacts,
  oldestUnread: UnreadMessage,
  { thresholdMinutes }: UnreadNudgePolicy,
): { step: 1 | 2; about: UnreadMessage; dueAt: Date } | null {
  if (lastNudge?.step === 1) {
    const about = { id: lastNudge.oldestUnreadId, at: lastNudge.oldestUnreadAt };
    return { step: 2, about, dueAt: secondStepAt(lastNudge.nudgedAt) };
  }
  const about = lastNudge === null ? oldestUnread : afterSilence;
  if (about === null) return null;
  const from = later(about.at, joinedAt);
  return { step: 1, about, dueAt: new Date(from.getTime() + thresholdMinutes * MINUTE_MS) };
}

export interface ThreadMessage extends UnreadMessage {
  readonly senderId: string;
}

export interface ThreadParticipant {
  readonly userId: string;
  readonly joinedAt: Date;
  readonly lastReadAt: Date | null;
  readonly lastActiveAt: Date | null;
  readonly muted: boolean;
}

const byTime = (a: UnreadMessage, b: UnreadMessage): number =>
  a.at.getTime() - b.at.getTime() || (BigInt(a.id) < BigInt(b.id) ? -1 : 1);

/**
 * The facts of a participant, from all messages of the thread: unread are those of other users after the last
 * read one. The reference for the SQL of unread-thread-nudges, which reads no whole thread.
 */
export function unreadFactsOf(
  participant: ThreadParticipant,
  thread: readonly ThreadMessage[],
  given: readonly GivenNudge[],
): UnreadFacts {
  const { userId, joinedAt, lastReadAt, lastActiveAt, muted } = participant;
  const isUnread = (at: Date) => lastReadAt === null || at > lastReadAt;
  const all = [...thread].sort(byTime);
  const unread = all.filter(({ senderId, at }) => senderId !== userId && isUnread(at));
  const lastNudge = [...given]
    .filter(({ oldestUnreadId }) => unread.some(({ id }) => id === oldestUnreadId))
    .sort((a, b) => b.nudgedAt.getTime() - a.nudgedAt.getTime() || b.step - a.step)[0];
  const since = lastNudge?.step === 2 ? lastNudge.nudgedAt : null;
  const afterSilence = since === null ? undefined : unread.find((m) => m.at > since && silenceBefore(m, all));
  const withoutSender = (m: ThreadMessage | undefined): UnreadMessage | null =>
    m ? { id: m.id, at: m.at } : null;
  return {
    oldestUnread: withoutSender(unread[0]),
    joinedAt,
    lastActiveAt,
    muted,
    lastNudge: lastNudge ?? null,
    afterSilence: withoutSender(afterSilence),
  };
}

/** Whether the message is the first one, or followed at least 12 hours without any. */
function silenceBefore(message: ThreadMessage, all: readonly ThreadMessage[]): boolean {
  const before = all[all.indexOf(message) - 1];
  return before === undefined || message.at.getTime() - before.at.getTime() >= SILENCE_HOURS * HOUR_MS;
}
