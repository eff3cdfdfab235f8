import { createHash } from "node:crypto";
import { sql } from "drizzle-orm";
import type { Tx } from "../db/transaction.ts";
import { eventSettings } from "./transaction-settings.ts";

/** An event of the host, with our ids. */
export type HostEventRow = {
  readonly id: string;
  readonly event_type: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly actor_id?: string | null | undefined;
  readonly project_id?: string | null | undefined;
  readonly resource_id?: string | null | undefined;
  readonly thread_id?: string | null | undefined;
  readonly meeting_id?: string | null | undefined;
  readonly occurred_at?: string | undefined;
};

/** SHA-256 of the values in hex, whatever the order of keys: a sender may serialize an event twice. */
export const hashOfEvent = (event: object): string =>
  createHash("sha256")
    .update(JSON.stringify(sorted(event)))
    .digest("hex");

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => part !== undefined && part !== null)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, part]) => [name, sorted(part)]),
  );
}

/**
 * Writes events of the host. The table's trigger enqueues their fan-out.
 *
 * @param receivedAt the time of events that have none.
 */
export async function insertHostEvents(
  tx: Tx,
  events: readonly HostEventRow[],
  receivedAt: Date,
): Promise<void> {
  if (events.length === 0) return;
  tx.dispatch.pending = true;
  await tx.execute(
    sql`insert into domain_events (id, event_type, actor_id, project_id, resource_id, thread_id, meeting_id, payload, occurred_at)
        select e.id, e.event_type, e.actor_id, e.project_id, e.resource_id, e.thread_id, e.meeting_id, e.payload,
               coalesce(e.occurred_at, ${receivedAt}::timestamptz)
        from ${eventSettings(tx)}
        cross join jsonb_to_recordset(${JSON.stringify(events)}::jsonb) as e(
          id bigint, event_type text, actor_id bigint, project_id bigint, resource_id bigint, thread_id bigint, meeting_id bigint,
          payload jsonb, occurred_at timestamptz)`,
  );
}
