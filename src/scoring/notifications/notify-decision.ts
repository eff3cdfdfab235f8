import { endOfQuiet, type QuietHours } from "../local-time.ts";
import { nudgeRoom } from "./nudge-cap.ts";
import { type Channel, type Preference, preferenceFor } from "./preference.ts";

/** How fast an e-mail goes out, fastest first. */
const PACES = ["now", "hourly", "daily", "weekly"] as const;
type Pace = (typeof PACES)[number];
export type Cadence = Exclude<Pace, "now">;

/** How a type of event is mailed unless the user says otherwise. */
export type EmailKind = "immediate" | "digest" | "weekly";

/** How often a user wants e-mail at most. */
export type Frequency = "immediate" | "hourly" | "daily" | "weekly" | "none";

/** All that a decision rests on. */
export type NotifyFacts = {
  readonly channel: Channel;
  readonly eventType: string;
  readonly projectId: string | null;
  readonly threadId: string | null;
  readonly isActor: boolean;
  readonly mayAccess: boolean;
  /** Null without an address. In the app nobody needs one. */
  readonly hasAddress: boolean;
  /** A hard bounce or a complaint. */
  readonly isSuppressed: boolean;
  readonly isMustSend: boolean;
  readonly preferences: readonly Preference[];
  readonly isUnsubscribed: boolean;
  readonly frequency: Frequency;
  readonly emailKind: EmailKind;
  readonly quiet: QuietHours | null;
  readonly timeZone: string;
  /** E-mails of the last hour that went out, or will, alone. */
  readonly letThrough: number;
  readonly letThroughLimit: number;
  /** Null for what is no nudge. */
  readonly nudges: NudgesSent | null;
  readonly now: Date;
};

/** Nudges that a user was mailed, and how many there may be. */
export type NudgesSent = {
  readonly today: number;
  readonly perDay: number;
  readonly week: number;
  readonly perWeek: number;
};

export const NOTIFICATION_SKIP_REASONS = [
  "actor-is-recipient",
  "no-access",
  "no-address",
  "suppressed",
  "muted",
  "unsubscribed",
  "frequency-none",
] as const;
type NotificationSkipReason = (typeof NOTIFICATION_SKIP_REASONS)[number];

/** What was decided for one event, user and channel. */
export type NotifyDecision =
  | { readonly kind: "now"; readonly reason: "must-send" | null }
  | { readonly kind: "deferred"; readonly notBefore: Date; readonly reason: "quiet-hours" }
  | {
      readonly kind: "digested";
      readonly cadence: Cadence;
      readonly reason: "preference" | "frequency" | "throttle" | "nudge-cap" | null;
    }
  | { readonly kind: "skipped"; readonly reason: NotificationSkipReason };

/** A rule that stops a notification; it may stop only some channels. */
type StopRule = (facts: NotifyFacts) => NotificationSkipReason | null;

/** Nobody is told what they did themselves. */
const actorIsRecipient: StopRule = ({ isActor }) => (isActor ? "actor-is-recipient" : null);

/** Nobody is told of what they may not see. */
const access: StopRule = ({ mayAccess }) => (mayAccess ? null : "no-access");

/** Without an address there is no e-mail, must-send or not. */
const address: StopRule = ({ channel, hasAddress }) =>
  channel === "email" && !hasAddress ? "no-address" : null;

/** An address that bounced hard, or whose owner complained, gets nothing more, must-send or not. */
const suppression: StopRule = ({ channel, isSuppressed }) =>
  channel === "email" && isSuppressed ? "suppressed" : null;

/** What a user muted they are not told. */
const mute: StopRule = (facts) => (preferenceFor(facts.preferences, facts) === "muted" ? "muted" : null);

/** Who unsubscribed gets no e-mail. */
const unsubscribed: StopRule = ({ channel, isUnsubscribed }) =>
  channel === "email" && isUnsubscribed ? "unsubscribed" : null;

/** Who wants no e-mail gets none. */
const noFrequency: StopRule = ({ channel, frequency }) =>
  channel === "email" && frequency === "none" ? "frequency-none" : null;

/** These hold for must-send types too. */
export const STOPS_EVERYTHING = { actorIsRecipient, access, address, suppression } as const;
/** These do not. */
export const STOPS_THE_REST = { mute, unsubscribed, noFrequency } as const;

const PACE_OF_KIND: Record<EmailKind, Pace> = { immediate: "now", digest: "hourly", weekly: "weekly" };

/**
 * How fast an e-mail goes: at the pace of its type, unless a preference says `immediate` or slows it to a digest; of that and the
 * user's frequency the slower wins.
 */
export function paceOf(
  facts: Pick<NotifyFacts, "emailKind" | "frequency" | "preferences" | keyof Subjected>,
): { readonly pace: Pace; readonly reason: "preference" | "frequency" | null } {
  const status = preferenceFor(facts.preferences, facts);
  const ofType = PACE_OF_KIND[facts.emailKind];
  const preferred = status === "immediate" ? "now" : status === "digest" ? slower(ofType, "hourly") : ofType;
  const ofUser: Pace =
    facts.frequency === "immediate" || facts.frequency === "none" ? "now" : facts.frequency;
  const pace = slower(preferred, ofUser);
  if (pace !== preferred) return { pace, reason: "frequency" };
  return { pace, reason: preferred === ofType ? null : "preference" };
}

type Subjected = Pick<NotifyFacts, "channel" | "eventType" | "projectId" | "threadId">;

const slower = (a: Pace, b: Pace): Pace => (PACES.indexOf(a) >= PACES.indexOf(b) ? a : b);

/** So many e-mails an hour go out alone; what is more goes into the digest. */
export const isThrottled = ({ letThrough, letThroughLimit }: NotifyFacts): boolean =>
  letThrough >= letThroughLimit;

/** So many nudges a day and a week go out; what is more may ride in a digest that goes anyway. */
export const isCapped = ({ nudges }: NotifyFacts): boolean =>
  nudges !== null && nudgeRoom(nudges, nudges).left === 0;

/**
 * The decision for one event, user and channel: what stops everything, must-send, what stops the rest, the pace, quiet hours, throttle,
 * cap of nudges, in this order. In the app only the rules that stop apply: what is shown there wakes nobody.
 */
export function decideNotification(facts: NotifyFacts): NotifyDecision {
  const stopped = firstReason(STOPS_EVERYTHING, facts);
  if (stopped) return { kind: "skipped", reason: stopped };
  if (facts.isMustSend) return { kind: "now", reason: "must-send" };
  const unwanted = firstReason(STOPS_THE_REST, facts);
  if (unwanted) return { kind: "skipped", reason: unwanted };
  if (facts.channel === "in_app") return { kind: "now", reason: null };
  const { pace, reason } = paceOf(facts);
  if (isCapped(facts))
    return { kind: "digested", cadence: pace === "now" ? "hourly" : pace, reason: "nudge-cap" };
  if (pace !== "now") return { kind: "digested", cadence: pace, reason };
  if (isThrottled(facts)) return { kind: "digested", cadence: "hourly", reason: "throttle" };
  const notBefore = facts.quiet && endOfQuiet(facts.now, facts.quiet, facts.timeZone);
  if (notBefore) return { kind: "deferred", notBefore, reason: "quiet-hours" };
  return { kind: "now", reason: null };
}

function firstReason(
  rules: Readonly<Record<string, StopRule>>,
  facts: NotifyFacts,
): NotificationSkipReason | null {
  for (const rule of Object.values(rules)) {
    const reason = rule(facts);
    if (reason) return reason;
  }
  return null;
}
