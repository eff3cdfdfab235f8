import { endOfQuiet, type QuietHours } from "../local-time.ts";
import {
  decideNudges,
  type NudgeCandidate,
  type NudgeCapPolicy,
  type NudgeCounts,
  nudgeRoom,
} from "./nudge-cap.ts";
import { type Channel, type Preference, type PreferenceTarget, preferenceFor } from "./preference.ts";

/** How soon an e-mail is sent, soonest first. */
const CADENCES = ["now", "hourly", "daily", "weekly"] as const;
type Cadence = (typeof CADENCES)[number];
export type DigestCadence = Exclude<Cadence, "now">;

/** How an event type is mailed unless the user prefers otherwise. */
export type EmailKind = "immediate" | "digest" | "weekly";

/** How often a user gets e-mail at most. */
export type Frequency = "immediate" | "hourly" | "daily" | "weekly" | "none";

/** Why an event no longer matters to a recipient: they have read about it, or its subject has changed. */
export type StaleReason = "read-meanwhile" | "overtaken";

/** The facts of one decision. */
export type NotifyFacts = {
  readonly channel: Channel;
  readonly eventType: string;
  readonly projectId: string | null;
  readonly threadId: string | null;
  readonly isActor: boolean;
  readonly mayAccess: boolean;
  readonly hasAddress: boolean;
  /** The address had a hard bounce or a complaint. */
  readonly isSuppressed: boolean;
  readonly isMustSend: boolean;
  readonly preferences: readonly Preference[];
  /** From all e-mail, or from this type. */
  readonly isUnsubscribed: boolean;
  /** Null while it matters to the recipient. */
  readonly staleReason: StaleReason | null;
  readonly frequency: Frequency;
  readonly emailKind: EmailKind;
  readonly quiet: QuietHours | null;
  readonly timeZone: string;
  /** E-mails of the last hour that were sent alone, or will be. */
  readonly letThrough: number;
  readonly letThroughLimit: number;
  /** Null if it is not a nudge. */
  readonly nudge: NudgeFacts | null;
  readonly now: Date;
};

/** A nudge, and what else uses up the cap of its user. */
export type NudgeFacts = {
  readonly candidate: NudgeCandidate;
  /** Nudges that wait for a digest of their own. */
  readonly waiting: readonly NudgeCandidate[];
  readonly counts: NudgeCounts;
  readonly policy: NudgeCapPolicy;
};

export const NOTIFICATION_SKIP_REASONS = [
  "actor-is-recipient",
  "no-access",
  "no-address",
  "suppressed",
  "muted",
  "unsubscribed",
  "frequency-none",
  "read-meanwhile",
  "overtaken",
] as const;
type NotificationSkipReason = (typeof NOTIFICATION_SKIP_REASONS)[number];

/** The decision for one event, user and channel. */
export type NotifyDecision =
  | { readonly kind: "now"; readonly reason: "must-send" | null }
  | { readonly kind: "deferred"; readonly notBefore: Date; readonly reason: "quiet-hours" }
  | {
      readonly kind: "digested";
      readonly cadence: DigestCadence;
      readonly reason: "preference" | "frequency" | "throttle" | "nudge-cap" | null;
    }
  | { readonly kind: "skipped"; readonly reason: NotificationSkipReason };

/** The facts that can stop a notification when it is decided and again when it is sent. */
export type StopFacts = Pick<
  NotifyFacts,
  | "channel"
  | "eventType"
  | "projectId"
  | "threadId"
  | "mayAccess"
  | "hasAddress"
  | "isSuppressed"
  | "preferences"
  | "isUnsubscribed"
  | "frequency"
  | "staleReason"
>;
export type StopReason = Exclude<NotificationSkipReason, "actor-is-recipient">;
type StopRule = (facts: StopFacts) => StopReason | null;

/** Users are not notified of their own actions. */
const actorIsRecipient = ({ isActor }: Pick<NotifyFacts, "isActor">) =>
  isActor ? ("actor-is-recipient" as const) : null;

/** Users are not notified of what they cannot access. */
const access: StopRule = ({ mayAccess }) => (mayAccess ? null : "no-access");

/** No e-mail without an address, must-send or not. */
const address: StopRule = ({ channel, hasAddress }) =>
  channel === "email" && !hasAddress ? "no-address" : null;

/** No e-mail to an address with a hard bounce or a complaint, must-send or not. */
const suppression: StopRule = ({ channel, isSuppressed }) =>
  channel === "email" && isSuppressed ? "suppressed" : null;

/** The user unsubscribed from all e-mail or from this type, which no preference undoes. */
const unsubscribed: StopRule = ({ channel, isUnsubscribed }) =>
  channel === "email" && isUnsubscribed ? "unsubscribed" : null;

/** The narrowest matching preference mutes it. */
const mute: StopRule = (facts) => (preferenceFor(facts.preferences, facts) === "muted" ? "muted" : null);

/** The user set the frequency of e-mail to none. */
const noFrequency: StopRule = ({ channel, frequency }) =>
  channel === "email" && frequency === "none" ? "frequency-none" : null;

/** It no longer matters by the time it is decided or sent. */
const stale: StopRule = ({ staleReason }) => staleReason;

/** Rules that also stop must-send types. */
export const STOPS_EVERYTHING = { actorIsRecipient, access, address, suppression } as const;
/** Rules that do not stop must-send types. */
export const STOPS_THE_REST = { unsubscribed, mute, noFrequency, stale } as const;

const EVERYTHING = Object.values(STOPS_EVERYTHING);
const THE_REST = Object.values(STOPS_THE_REST);
const ALL_STOPS = [...EVERYTHING, ...THE_REST];

const CADENCE_OF_KIND: Record<EmailKind, Cadence> = { immediate: "now", digest: "hourly", weekly: "weekly" };

/**
 * How soon an e-mail is sent: as its type says, unless a preference makes it immediate or delays it to a
 * digest; then no sooner than the user's frequency.
 */
export function cadenceOf(
  facts: Pick<NotifyFacts, "emailKind" | "frequency" | "preferences" | keyof PreferenceTarget>,
): {
  readonly cadence: Cadence;
  readonly reason: "preference" | "frequency" | null;
} {
  const status = preferenceFor(facts.preferences, facts);
  const ofType = CADENCE_OF_KIND[facts.emailKind];
  const preferred = status === "immediate" ? "now" : status === "digest" ? slower(ofType, "hourly") : ofType;
  const ofUser: Cadence =
    facts.frequency === "immediate" || facts.frequency === "none" ? "now" : facts.frequency;
  const cadence = slower(preferred, ofUser);
  if (cadence !== preferred) return { cadence, reason: "frequency" };
  return { cadence, reason: preferred === ofType ? null : "preference" };
}

const slower = (a: Cadence, b: Cadence): Cadence => (CADENCES.indexOf(a) >= CADENCES.indexOf(b) ? a : b);

/** The hourly limit of e-mails sent alone is used up; further ones join the digest. */
export const isThrottled = ({ letThrough, letThroughLimit }: NotifyFacts): boolean =>
  letThrough >= letThroughLimit;

/**
 * The daily or weekly cap of nudge e-mails is used up; further ones may join a digest that is sent anyway.
 */
export const isCapped = ({ nudge }: NotifyFacts): boolean =>
  nudge !== null && nudgeRoom(nudge.counts, nudge.policy).left === 0;

/** Nudges of a higher priority wait for a digest, and use up what is left of the cap. */
export const isOutranked = ({ nudge }: NotifyFacts): boolean =>
  nudge !== null &&
  decideNudges([nudge.candidate, ...nudge.waiting], nudge.counts, nudge.policy)[0]?.kind === "hold";

/**
 * The decision for one event, user and channel. Rules in order: what stops everything, must-send, what stops
 * the rest, nudge cap, cadence, throttle, quiet hours. In the app only the stop rules apply.
 */
export function decideNotification(facts: NotifyFacts): NotifyDecision {
  const stopped = firstReason(EVERYTHING, facts);
  if (stopped) return { kind: "skipped", reason: stopped };
  if (facts.isMustSend) return { kind: "now", reason: "must-send" };
  const unwanted = firstReason(THE_REST, facts);
  if (unwanted) return { kind: "skipped", reason: unwanted };
  if (facts.channel === "in_app") return { kind: "now", reason: null };
  const { cadence, reason } = cadenceOf(facts);
  if (cadence !== "now") return { kind: "digested", cadence, reason: isCapped(facts) ? "nudge-cap" : reason };
  if (isOutranked(facts)) return { kind: "digested", cadence: "hourly", reason: "nudge-cap" };
  if (isThrottled(facts)) return { kind: "digested", cadence: "hourly", reason: "throttle" };
  const notBefore = facts.quiet && endOfQuiet(facts.now, facts.quiet, facts.timeZone);
  if (notBefore) return { kind: "deferred", notBefore, reason: "quiet-hours" };
  return { kind: "now", reason: null };
}

/**
 * Whether the decision about an e-mail depends on the other e-mails of the user: it would be sent alone, or
 * is a nudge.
 */
export const isLimited = (facts: NotifyFacts, isNudge: boolean): boolean =>
  !facts.isMustSend &&
  firstReason(ALL_STOPS, facts) === null &&
  (isNudge || cadenceOf(facts).cadence === "now");

/** The reason of the first rule that applies; null if none does. */
export function firstReason<F, R>(rules: readonly ((facts: F) => R | null)[], facts: F): R | null {
  for (const rule of rules) {
    const reason = rule(facts);
    if (reason !== null) return reason;
  }
  return null;
}
