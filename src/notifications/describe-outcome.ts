import { similarType } from "../events/host-event-types.ts";
import type { EventOutcome } from "./event-outcomes.ts";
import { notificationTypeOf } from "./type-of-event.ts";

/** Why a decided event notified nobody: it had no recipients. */
export const NO_RECIPIENTS = "no-recipients";

type Outcome = {
  readonly type: string;
  readonly outcome: EventOutcome | null;
  readonly reason: string | null;
};

/** The outcome of an event, as a sentence. */
export function describeOutcome({ type, outcome, reason }: Outcome): string {
  if (outcome === null)
    return "The event is not decided yet: its job notify-fan-out is waiting, or is a dead letter.";
  if (outcome === "ignored") return `Events of type ${type} notify nobody.${suggestionFor(type)}`;
  if (outcome === "rejected")
    return `The event was rejected, because it does not fit its type: ${reason ?? "unknown"}.`;
  return reason === NO_RECIPIENTS ? withoutRecipients(type) : "It was decided who is notified of the event.";
}

function withoutRecipients(type: string): string {
  const { to, recipientTables = [] } = notificationTypeOf(type) ?? {};
  const who = to === undefined ? "" : ` Events of this type notify ${to}.`;
  const from = recipientTables.length === 0 ? "" : ` They are found in ${recipientTables.join(" and ")}.`;
  return `Nobody was found to be notified.${who}${from}`;
}

function suggestionFor(type: string): string {
  const similar = similarType(type);
  return similar === null ? "" : ` Was ${similar} meant?`;
}
