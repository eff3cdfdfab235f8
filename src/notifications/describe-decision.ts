import type { NotifyDecision } from "../scoring/notifications/notify-decision.ts";
import type { Channel, Preference } from "../scoring/notifications/preference.ts";
import type { DropReason } from "../scoring/notifications/send-check.ts";
import type { DecisionLine } from "./decision-log.ts";

type Reason = DropReason | NonNullable<NotifyDecision["reason"]>;

/** What the reasons of decisions mean. */
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
  frequency: "the user's frequency of e-mail",
  throttle: "the limit of e-mails in an hour was used up",
  "nudge-cap": "the cap of nudges was used up, or a more important nudge waits",
  "quiet-hours": "the user's quiet hours",
};

/** What a reason means; the code itself for one that this version does not know. */
export const decisionReason = (code: string): string =>
  Object.hasOwn(DECISION_REASONS, code) ? DECISION_REASONS[code as Reason] : code;

const CHANNEL_NAMES: Readonly<Record<Channel, string>> = { in_app: "In the app", email: "E-mail" };

const withReason = (text: string, code: string | null): string =>
  code === null ? text : `${text}: ${decisionReason(code)} (${code})`;

type Described = Pick<
  DecisionLine,
  "channel" | "decision" | "cadence" | "reason" | "status" | "error" | "notBefore" | "emailReason"
>;

/** What was decided for a user and what became of it, as a sentence. */
export const describeDecision = (line: Described): string =>
  `${CHANNEL_NAMES[line.channel]}: ${line.channel === "in_app" ? inAppText(line) : emailText(line)}.`;

const inAppText = ({ decision, reason }: Described): string =>
  decision === "skipped" ? withReason("not shown", reason) : "shown";

function emailText(line: Described): string {
  const { decision, reason, status, error } = line;
  if (decision === "skipped") return withReason("not sent", reason);
  switch (status) {
    case "none":
      return withReason("dropped before it was sent", reason);
    case "pending":
      return waitingText(line);
    case "failed":
    case "needs_review":
      return `${status === "failed" ? "failed" : "needs review"}: ${error ?? line.emailReason ?? "no reason is recorded"}`;
    default:
      return status;
  }
}

function waitingText({ decision, cadence, reason, notBefore }: Described): string {
  if (decision === "digested") return withReason(`waits for the ${cadence} digest`, reason);
  if (decision === "deferred")
    return withReason(`waits until ${notBefore?.toISOString() ?? "its time"}`, reason);
  return "waits to be sent";
}

/** A preference as a phrase: `muted for every type of project 7, by e-mail`. */
export function describePreference({ status, scopeType, scopeId, eventType, channel }: Preference): string {
  const type = eventType === "*" ? "every type" : eventType;
  const scope = scopeType === "global" ? "everywhere" : `in ${scopeType} ${scopeId}`;
  const by = { "*": "", in_app: ", in the app", email: ", by e-mail" }[channel];
  return `${status} for ${type} ${scope}${by}`;
}
