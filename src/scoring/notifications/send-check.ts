import { type NotifyFacts, STOPS_EVERYTHING, STOPS_THE_REST } from "./notify-decision.ts";

/** What is looked at again when an e-mail goes out. */
export type SendFacts = Pick<
  NotifyFacts,
  | "channel"
  | "eventType"
  | "projectId"
  | "threadId"
  | "mayAccess"
  | "hasAddress"
  | "isSuppressed"
  | "isMustSend"
  | "preferences"
  | "isUnsubscribed"
  | "frequency"
> & {
  /** It was read in the app meanwhile. */
  readonly isRead: boolean;
  /** What it tells is not so any more: a thread was read, a profile completed. */
  readonly isOvertaken: boolean;
};

/** Why something that was to be sent is not. */
export type DropReason =
  | "no-access"
  | "no-address"
  | "suppressed"
  | "muted"
  | "unsubscribed"
  | "frequency-none"
  | "read-meanwhile"
  | "overtaken"
  | "unreadable";

/**
 * What stops an e-mail at the last moment: access, address and suppression, whatever it is; for what need not be sent also a mute, having
 * unsubscribed, having read it in the app, and that it is not so any more. Null: it goes.
 */
export function reasonToDrop(facts: SendFacts): DropReason | null {
  const { access, address, suppression } = STOPS_EVERYTHING;
  const always = firstOf([access, address, suppression], facts);
  if (always !== null || facts.isMustSend) return always;
  const unwanted = firstOf(Object.values(STOPS_THE_REST), facts);
  if (unwanted !== null) return unwanted;
  if (facts.isRead) return "read-meanwhile";
  return facts.isOvertaken ? "overtaken" : null;
}

/** What the rules below do not look at. */
const UNSEEN = {
  isActor: false,
  emailKind: "immediate",
  quiet: null,
  timeZone: "UTC",
  letThrough: 0,
  letThroughLimit: 1,
  nudges: null,
  now: new Date(0),
} as const;

type Rule = (facts: NotifyFacts) => DropReason | "actor-is-recipient" | null;

function firstOf(rules: readonly Rule[], facts: SendFacts): DropReason | null {
  for (const rule of rules) {
    const reason = rule({ ...UNSEEN, ...facts });
    if (reason !== null && reason !== "actor-is-recipient") return reason;
  }
  return null;
}
