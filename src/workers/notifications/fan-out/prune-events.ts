import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Settings } from "../../../config/settings.ts";
import { idRangesBefore, type Overdue, oldestBefore } from "../../../db/id-ranges.ts";
import { type Queryable, rows } from "../../../db/statement.ts";
import { defineJob } from "../../../queues/job.ts";
import { done } from "../../../queues/outcome.ts";

const DAY_MS = 86_400_000;
/** Events per range: well under a second. */
const PER_RANGE = 10_000n;
/** At most this many ranges per run. The rest waits for the next run. */
const MAX_RANGES = 1_000;

const EVENTS = { table: "domain_events", time: "created_at" };

/** For how many days events are kept; 0: forever. */
const keptDays = ({ notifications: { eventDays, keptDays } }: Settings): number =>
  eventDays === 0 ? 0 : Math.max(eventDays, keptDays);

/** The ids from `from` up to but not including `to`. */
const range = z.object({ from: z.string(), to: z.string(), before: z.string() });

/** Nothing that is kept came from an event `r`. */
const NOTIFIES_NOBODY = sql`not exists (select 1 from notifications n where n.event_id = r.id)
              and not exists (select 1 from deliveries d where d.event_id = r.id)`;

/**
 * Deletes old events with their outcomes, and the host's ids that they were received under. An event stays as
 * long as nobody has decided who is notified of it, or one of its notifications or deliveries is kept.
 */
export const pruneEvents = defineJob({
  name: "prune-events",
  queue: "notifications",
  description:
    "Deletes events older than the configured number of days, with their outcomes, once their notifications and deliveries are gone.",
  payload: z.object({}),
  key: () => "all",
  range,
  cut: async (_payload, { tx, now, settings }) => {
    const days = keptDays(settings);
    if (days === 0) return [];
    const before = new Date(now.getTime() - days * DAY_MS).toISOString();
    const ids = await idRangesBefore(tx, EVENTS, before, { size: PER_RANGE, max: MAX_RANGES });
    return ids.map((range) => ({ ...range, before }));
  },
  run: async ({ from, to, before }, { tx }) => {
    const [pruned] = await rows<{ events: number }>(
      tx,
      sql`with gone as (
            delete from domain_events r using event_outcomes o
            where r.id >= ${from} and r.id < ${to} and r.created_at < ${before}::timestamptz and o.event_id = r.id
              and ${NOTIFIES_NOBODY}
            returning r.id),
          outcomes as (delete from event_outcomes o using gone where o.event_id = gone.id),
          receipts as (delete from event_receipts p using gone where p.event_id = gone.id)
          select count(*)::int as events from gone`,
    );
    return done({ events: pruned?.events ?? 0 });
  },
  sum: async (_payload, counts) => done(counts),
});

/** The events that should have been deleted by an instant. */
export async function overdueEvents(on: Queryable, settings: Settings, at: Date): Promise<Overdue[]> {
  const days = keptDays(settings);
  if (days === 0) return [];
  const before = new Date(at.getTime() - days * DAY_MS).toISOString();
  const isDecided = sql`exists (select 1 from event_outcomes o where o.event_id = r.id)`;
  const oldest = await oldestBefore(on, EVENTS, before, sql`${isDecided} and ${NOTIFIES_NOBODY}`);
  return oldest === null ? [] : [{ table: EVENTS.table, keptDays: days, oldest }];
}
