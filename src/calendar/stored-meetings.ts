import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { SeenEvent } from "../ports/calendar.ts";
import type { MeetingFacts, Response } from "../scoring/calendar/meeting-changes.ts";
import { PROVIDER } from "./connections.ts";

export type SeenMeeting = Extract<SeenEvent, { kind: "meeting" }>;

/** What is known of a meeting that came from a calendar. */
export type StoredMeeting = {
  readonly id: string;
  readonly organizerId: string;
  readonly projectId: string | null;
  readonly changedAt: Date;
  readonly facts: MeetingFacts;
};

/** Names a meeting, in whatever calendar it stands. */
export const sourceOf = ({
  icalUid,
  originalStart,
}: Pick<SeenMeeting, "icalUid" | "originalStart">): string => JSON.stringify([icalUid, originalStart]);

/**
 * Two calendars that show one meeting may be read at once: whoever comes second waits, and finds it stored. In one order, so that
 * they never wait for each other in a circle.
 */
export async function lockSources(tx: Tx, meetings: readonly SeenMeeting[]): Promise<void> {
  const sources = [...new Set(meetings.map(sourceOf))];
  await tx.execute(
    sql`select pg_advisory_xact_lock(key) from (
          select distinct hashtextextended('calendar meeting ' || s, 0) as key from unnest(${array(sources)}::text[]) s order by 1
        ) sources`,
  );
}

type Row = {
  icalUid: string;
  originalStart: string;
  changedAt: string;
  id: string;
  organizerId: string;
  projectId: string | null;
  title: string;
  start: string;
  end: string;
  status: string;
  responses: Record<string, Response> | null;
};

/** The stored meetings among those seen, by their source. */
export async function loadStored(tx: Tx, seen: readonly SeenMeeting[]): Promise<Map<string, StoredMeeting>> {
  const found = await rows<Row>(
    tx,
    sql`select c.ical_uid as "icalUid", c.original_start as "originalStart", c.changed_at as "changedAt", m.id,
               m.organizer_id as "organizerId", m.project_id as "projectId", m.title, m.start_time as start, m.end_time as end, m.status,
               (select jsonb_object_agg(p.user_id::text, p.response) from meeting_participants p where p.meeting_id = m.id) as responses
        from unnest(${array(seen.map(({ icalUid }) => icalUid))}::text[],
                    ${array(seen.map(({ originalStart }) => originalStart))}::text[]) as s(ical_uid, original_start)
        join calendar_meetings c on c.provider = ${PROVIDER} and c.ical_uid = s.ical_uid and c.original_start = s.original_start
        join meetings m on m.id = c.meeting_id`,
  );
  return new Map(
    found.map((row) => [
      sourceOf(row),
      {
        id: row.id,
        organizerId: row.organizerId,
        projectId: row.projectId,
        changedAt: new Date(row.changedAt),
        facts: {
          title: row.title,
          startMs: Date.parse(row.start),
          endMs: Date.parse(row.end),
          cancelled: row.status === "cancelled",
          responses: row.responses ?? {},
        },
      },
    ]),
  );
}

/** Who is meant by which address. Of several users with one address it is the first. */
export async function usersByEmail(tx: Tx, meetings: readonly SeenMeeting[]): Promise<Map<string, string>> {
  const emails = new Set(
    meetings.flatMap(({ organizer, people }) =>
      [...(organizer ? [organizer] : []), ...people].map(({ email }) => email),
    ),
  );
  const found = await rows<{ email: string; id: string }>(
    tx,
    sql`select lower(email) as email, min(id) as id from users
        where lower(email) = any(${array([...emails])}::text[]) group by 1`,
  );
  return new Map(found.map(({ email, id }) => [email, id]));
}
