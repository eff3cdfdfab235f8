import {
  firstReason,
  type NotifyFacts,
  STOPS_EVERYTHING,
  STOPS_THE_REST,
  type StopFacts,
  type StopReason,
} from "./notify-decision.ts";

/** The facts that are checked again right before an e-mail is sent. */
export type SendFacts = StopFacts & Pick<NotifyFacts, "isMustSend">;

/** Why a pending delivery is not sent. `unreadable`: its event or its notification type is gone. */
export type DropReason = StopReason | "unreadable";

/**
 * Why an e-mail is not sent after all; null if it is. Access, address and suppression stop every e-mail;
 * preferences, having been read and being overtaken do not stop must-send ones.
 */
export function reasonToDrop(facts: SendFacts): DropReason | null {
  const { access, address, suppression } = STOPS_EVERYTHING;
  const stopped = firstReason([access, address, suppression], facts);
  if (stopped !== null || facts.isMustSend) return stopped;
  return firstReason(Object.values(STOPS_THE_REST), facts);
}
