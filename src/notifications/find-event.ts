import { sql } from "drizzle-orm";
import type { eventOutcomes } from "../db/schema/events.ts";
import { type Queryable, rows } from "../db/statement.ts";
import { isStorable } from "../foreign-text.ts";
import { isId } from "../ids.ts";

/** An event and its outcome, without its payload. Ids are ours. */
export type FoundEvent = {
  readonly id: string;
  readonly type: string;
  readonly actorId: string | null;
  readonly projectId: string | null;
  readonly threadId: string | null;
  readonly occurredAt: Date;
  /** The host's id; null for an event without one. */
  readonly hostId: string | null;
  /** Null: it is not decided yet. */
  readonly outcome: (typeof eventOutcomes.$inferSelect)["outcome"] | null;
  /** The fields that did not fit its type. */
  readonly reason: string | null;
  readonly decidedAt: Date | null;
};

type EventRow = Omit<FoundEvent, "occurredAt" | "decidedAt"> & {
  occurredAt: string;
  decidedAt: string | null;
};

/** The event with an id: the host's, else ours. */
export async function findEvent(on: Queryable, id: string): Promise<FoundEvent | undefined> {
  if (!isStorable(id)) return undefined;
  const [found] = await rows<EventRow>(
    on,
    sql`select e.id, e.event_type as type, e.actor_id as "actorId", e.project_id as "projectId", e.thread_id as "threadId",
               e.occurred_at as "occurredAt", (select r.external_id from event_receipts r where r.event_id = e.id limit 1) as "hostId",
               o.outcome, o.reason, o.decided_at as "decidedAt"
        from domain_events e left join event_outcomes o on o.event_id = e.id
        where e.id = coalesce((select r.event_id from event_receipts r where r.external_id = ${id}), ${isId(id) ? id : null}::bigint)`,
  );
  return (
    found && {
      ...found,
      occurredAt: new Date(found.occurredAt),
      decidedAt: found.decidedAt === null ? null : new Date(found.decidedAt),
    }
  );
}
