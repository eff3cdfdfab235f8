import { sql } from "drizzle-orm";
import type { eventOutcomes } from "../db/schema/events.ts";
import { type Queryable, rows } from "../db/statement.ts";

export type EventOutcome = (typeof eventOutcomes.$inferSelect)["outcome"];

/** An event with its outcome, without its payload. */
export type EventLine = {
  id: string;
  type: string;
  outcome: EventOutcome;
  reason: string | null;
  occurredAt: string;
  decidedAt: string;
};

type Page = {
  readonly outcome: EventOutcome;
  readonly type?: string | undefined;
  /** Events with lower ids only. */
  readonly before?: string | undefined;
  readonly limit: number;
};

/** Events with an outcome, newest first. */
export const listEvents = (on: Queryable, { outcome, type, before, limit }: Page): Promise<EventLine[]> =>
  rows<EventLine>(
    on,
    sql`select d.id, d.event_type as type, o.outcome, o.reason, d.occurred_at as "occurredAt", o.decided_at as "decidedAt"
        from event_outcomes o join domain_events d on d.id = o.event_id
        where o.outcome = ${outcome} and (${type ?? null}::text is null or d.event_type = ${type ?? null})
          and (${before ?? null}::bigint is null or o.event_id < ${before ?? null}::bigint)
        order by o.event_id desc limit ${limit}`,
  );
