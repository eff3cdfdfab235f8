import type { DecidedDelivery } from "./decide-deliveries.ts";

/** The name under which a run counts a delivery. */
export function countNameOf({ channel, decision }: DecidedDelivery): string {
  if (decision.kind === "skipped") return `${channel} skipped: ${decision.reason}`;
  return channel === "in_app" ? "shown" : `e-mail ${decision.kind}`;
}

/** A delivery for the preview of a dry run. Ids only. */
export function remarkOf({ event, userId, channel, decision }: DecidedDelivery): {
  readonly about: string;
  readonly decision: string;
} {
  const kind = decision.kind !== "skipped" && channel === "in_app" ? "shown" : decision.kind;
  const reason = decision.reason === null ? "" : ` (${decision.reason})`;
  return {
    about: `event ${event.id}, ${event.type}: user ${userId}, ${channel}`,
    decision: `${kind}${reason}`,
  };
}
