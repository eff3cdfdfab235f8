import { sql } from "drizzle-orm";
import { NUDGE_RETENTION, type NudgeLog } from "../../src/nudges/nudge-retention.ts";
import type { World } from "./world.ts";

export type NudgeEvent = {
  type: string;
  payload: Record<string, unknown>;
  meetingId: string | null;
  projectId: string | null;
  occurredAt: Date;
};

/** The events of a type, in order. */
export const emitted = (world: World, type: string): Promise<NudgeEvent[]> =>
  world.query<NudgeEvent>(
    `select event_type as type, payload, meeting_id as "meetingId", project_id as "projectId", occurred_at as "occurredAt"
     from domain_events where event_type = $1 order by id`,
    [type],
  );

/** An instant some minutes after another. */
export const minutesAfter = (instant: string, minutes: number): string =>
  new Date(Date.parse(instant) + minutes * 60_000).toISOString();

/** Deletes all rows of a log that are not needed, of any age. */
export const pruneLog = (world: World, log: NudgeLog) =>
  world.db.drizzle.execute(
    sql`delete from ${sql.identifier(log)} r where ${NUDGE_RETENTION[log]("infinity")}`,
  );
