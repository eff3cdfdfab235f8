import type { NotifyDecision } from "../scoring/notifications/notify-decision.ts";
import type { Channel } from "../scoring/notifications/preference.ts";
import type { DecidedDeliveries } from "./decide-deliveries.ts";

/** The deliveries of a group by the name under which a run counts them. */
export function countsOf(decided: DecidedDeliveries): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [channel, decision] of channelsOf(decided)) {
    const shown = channel === "in_app" ? "shown" : `e-mail ${decision.kind}`;
    const name = decision.kind === "skipped" ? `${channel} skipped: ${decision.reason}` : shown;
    counts[name] = (counts[name] ?? 0) + decided.userIds.length;
  }
  return counts;
}

/** The deliveries of a group for the preview of a dry run. Ids only. */
export const remarksOf = (
  decided: DecidedDeliveries,
): { readonly about: string; readonly decision: string }[] =>
  channelsOf(decided).flatMap(([channel, decision]) => {
    const kind = decision.kind !== "skipped" && channel === "in_app" ? "shown" : decision.kind;
    const reason = decision.reason === null ? "" : ` (${decision.reason})`;
    const { id, type } = decided.event;
    return decided.userIds.map((userId) => ({
      about: `event ${id}, ${type}: user ${userId}, ${channel}`,
      decision: `${kind}${reason}`,
    }));
  });

type Decided = readonly [channel: Channel, decision: NotifyDecision];

function channelsOf({ inApp, email }: DecidedDeliveries): readonly Decided[] {
  const channels: Decided[] = [];
  if (inApp !== null) channels.push(["in_app", inApp]);
  if (email !== null) channels.push(["email", email]);
  return channels;
}
