import { formatInstant } from "../format-instant.ts";
import { localMinute } from "../scoring/local-time.ts";
import type { NotifyDecision } from "../scoring/notifications/notify-decision.ts";
import type { Channel } from "../scoring/notifications/preference.ts";
import type { DropReason } from "../scoring/notifications/send-check.ts";
import type { DecisionLine } from "./decision-log.ts";
import { type NamedPreference, timeOfDay } from "./user-preferences.ts";

type Reason = DropReason | NonNullable<NotifyDecision["reason"]>;

/** Descriptions of the reasons of decisions. */
export const DECISION_REASONS: Readonly<Record<Reason, string>> = {
  "actor-is-recipient": "it was the user's own action",
  "no-access": "the user had no access to it",
  "no-address": "the user had no e-mail address, or was deactivated",
  suppressed: "the address is suppressed: it bounced or complained",
  muted: "the user's preference mutes it",
  unsubscribed: "the user unsubscribed from it",
  "frequency-none": "the user set the frequency of e-mail to none",
  "read-meanwhile": "the user had read it in the app",
  overtaken: "it no longer applied",
  unreadable: "its event is gone, or its type is no longer mailed",
  "must-send": "it is sent whatever the user prefers",
  preference: "the user's preference delays it to a digest, or sends it at once",
  frequency: "the user chose how often to get e-mail",
  throttle: "the limit of e-mails in an hour was used up",
  "nudge-cap": "the cap of nudges was used up, or a more important nudge waits",
  "quiet-hours": "the user's quiet hours",
};

/** The description of a reason; the code itself if this version does not know it. */
export const decisionReason = (code: string): string =>
  Object.hasOwn(DECISION_REASONS, code) ? DECISION_REASONS[code as Reason] : code;

const CHANNEL_NAMES: Readonly<Record<Channel, string>> = { in_app: "In the app", email: "E-mail" };

const withReason = (text: string, code: string | null): string =>
  code === null ? text : `${text}: ${decisionReason(code)} (${code})`;

type Described = Pick<
  DecisionLine,
  "channel" | "decision" | "cadence" | "reason" | "status" | "error" | "notBefore" | "emailId" | "emailReason"
>;

/** When a waiting e-mail will be sent, if that is known. */
export type Outlook = {
  /** The user's zone. */
  readonly zone: string;
  /** When the digest opens that will take it; in the past if it is due. */
  readonly digestAt: Date | null;
  /** Until when an operator has paused the job that sends e-mail. */
  readonly sendingPausedUntil: Date | null;
};

/** A decision for a user and its result, as a sentence. Instants are in UTC. */
export const describeDecision = (line: Described, outlook?: Outlook): string =>
  `${CHANNEL_NAMES[line.channel]}: ${line.channel === "in_app" ? inAppText(line) : emailText(line, outlook)}.`;

const inAppText = ({ decision, reason }: Described): string =>
  decision === "skipped" ? withReason("not shown", reason) : "shown";

function emailText(line: Described, outlook: Outlook | undefined): string {
  const { decision, reason, status, error } = line;
  if (decision === "skipped") return withReason("not sent", reason);
  switch (status) {
    case "none":
      return withReason("dropped before it was sent", reason);
    case "pending":
      return waitingText(line, outlook);
    case "failed":
    case "needs_review":
      return `${status === "failed" ? "failed" : "needs review"}: ${error ?? line.emailReason ?? "no reason is recorded"}`;
    default:
      return status;
  }
}

function waitingText(line: Described, outlook: Outlook | undefined): string {
  const { decision, cadence, reason, notBefore, emailId } = line;
  const paused = outlook?.sendingPausedUntil ?? null;
  const pause = paused === null ? "" : `; send-emails is paused until ${formatInstant(paused)}`;
  if (emailId !== null) {
    const content =
      decision === "digested" ? `in the ${cadence} digest, e-mail ${emailId}` : `in e-mail ${emailId}`;
    return `${withReason(`${content}, which waits to be sent`, reason)}${pause}`;
  }
  if (decision === "digested")
    return withReason(`waits for the ${cadence} digest${digestTime(cadence, outlook)}`, reason);
  if (decision === "deferred")
    return withReason(`waits until ${formatInstant(notBefore) ?? "its time"}`, reason);
  return `waits to be sent${pause}`;
}

/** When the digest is due; for daily and weekly ones in the user's local time as well. */
function digestTime(cadence: Described["cadence"], outlook: Outlook | undefined): string {
  if (outlook === undefined || outlook.digestAt === null) return "";
  const { digestAt, zone } = outlook;
  const local = cadence === "hourly" ? "" : ` (${timeOfDay(localMinute(digestAt, zone))} in ${zone})`;
  return ` of ${formatInstant(digestAt)}${local}`;
}

/** A preference as a phrase: `muted for every type in project 7 (Community garden), by e-mail`. */
export function describePreference(preference: NamedPreference): string {
  const { status, scopeType, scopeId, scopeName, eventType, channel } = preference;
  const type = eventType === "*" ? "every type" : eventType;
  const scope =
    scopeType === "global"
      ? "everywhere"
      : `in ${scopeType} ${scopeId}${scopeName === undefined ? "" : ` (${scopeName})`}`;
  const by = { "*": "", in_app: ", in the app", email: ", by e-mail" }[channel];
  return `${status} for ${type} ${scope}${by}`;
}
