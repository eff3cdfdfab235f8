import type { EngagementOutcome } from "../feeds/engagement.ts";
import { firstRow, type Queryable } from "./queryable.ts";
import { argument, functionIn, type HostId, json, type SchemaOption } from "./statement.ts";

/** An engagement of a user with a post or with another user, with ids of the host. */
export type Engagement = {
  /** The host's id of the like, comment or share: an event that is sent again with it is recorded once. */
  readonly id: HostId;
  readonly user: HostId;
  readonly occurredAt: Date;
  /**
   * When it was taken back; send the event again with all other fields unchanged. Either may be sent first.
   */
  readonly takenBackAt?: Date;
} & (
  | { readonly post: HostId; readonly kind: "like" | "comment" | "share" | "hide" }
  | { readonly otherUser: HostId; readonly kind: "message" | "profile_view" | "hide" }
);

export type { EngagementOutcome };

export type RecordEngagementOptions = SchemaOption;

/**
 * Records engagement in the host's transaction, at most 1,000 events. It counts for trends once the
 * transaction has committed.
 *
 * @returns the outcome of each event, in order. One that could not be recorded does not fail the others.
 */
export async function recordEngagement(
  tx: Queryable,
  events: readonly Engagement[],
  options: RecordEngagementOptions = {},
): Promise<readonly EngagementOutcome[]> {
  const result = await tx.query(
    `select cast(${functionIn(options, "record_engagement")}(${argument(1, "jsonb")}) as text) as outcomes`,
    [json(events.map(rowOf))],
  );
  return JSON.parse(firstRow<{ outcomes: string }>(result).outcomes);
}

const rowOf = (event: Engagement): Readonly<Record<string, unknown>> => ({
  id: event.id,
  user_id: event.user,
  target_kind: "post" in event ? "post" : "user",
  target_id: "post" in event ? event.post : event.otherUser,
  kind: event.kind,
  occurred_at: event.occurredAt.toISOString(),
  taken_back_at: event.takenBackAt?.toISOString(),
});
