import { createHash } from "node:crypto";
import { sql } from "drizzle-orm";
import type { meetingParticipants, meetings } from "../db/schema/meetings.ts";
import { lockKey } from "../db/schema-keys.ts";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { CalendarEntry } from "../ports/calendar.ts";
import type { MeetingFacts, Response } from "../scoring/calendar/meeting-changes.ts";
import type { MeetingVersion } from "../scoring/calendar/meeting-version.ts";
import { PROVIDER } from "./connections.ts";

const LOCK = sql.raw(lockKey("calendar-meeting", "s"));

/** An entry of a calendar that is a meeting. */
export type MeetingEntry = Extract<CalendarEntry, { kind: "meeting" }>;

/** A meeting that was read from a calendar before. */
export type StoredMeeting = {
  readonly id: string;
  readonly organizerId: string | null;
  readonly projectId: string | null;
  readonly facts: MeetingFacts;
  /** The version that was stored, the addresses of its organizer and guests, and whether these are all. */
  readonly version: MeetingVersion;
  readonly guests: readonly string[];
  readonly showsEverybody: boolean;
  /** Its entries in other calendars that are read. */
  readonly copies: readonly MeetingCopy[];
};

/** An entry in another calendar: who its owner is in it, and their response. */
export type MeetingCopy = {
  readonly userId: string;
  readonly selfKey: string | null;
  readonly response: Response | null;
};

/** The form in which addresses of guests are stored: only whether two are the same matters. */
export const guestKey = (email: string): string =>
  createHash("sha256").update(email).digest("base64url").slice(0, 22);

/** Identifies a meeting across calendars: the iCalendar UID, and the original start for one of a series. */
export const sourceOf = ({
  icalUid,
  originalStart,
}: Pick<MeetingEntry, "icalUid" | "originalStart">): string => JSON.stringify([icalUid, originalStart]);

/**
 * Two calendars with the same meeting may be synced at once: the second one waits and then finds the meeting
 * stored. Keys are locked in one order, so that two syncs cannot deadlock.
 */
export async function lockSources(tx: Tx, entries: readonly MeetingEntry[]): Promise<void> {
  const sources = [...new Set(entries.map(sourceOf))];
  await tx.execute(
    sql`select pg_advisory_xact_lock(key) from (
          select distinct ${LOCK} as key from unnest(${array(sources)}::text[]) s order by 1
        ) sources`,
  );
}

type Row = {
  icalUid: string;
  originalStart: string;
  changedAt: string;
  id: string;
  organizerId: string | null;
  projectId: string | null;
  sourceId: string | null;
  fromOrganizer: boolean;
  guests: string[];
  showsEverybody: boolean;
  copies: MeetingCopy[] | null;
  title: string;
  start: string;
  end: string;
  status: (typeof meetings.$inferSelect)["status"];
  responses: Record<string, (typeof meetingParticipants.$inferSelect)["response"]> | null;
};

/** The meetings of these entries of a calendar that are stored already, by source. */
export async function loadStored(
  tx: Tx,
  connectionId: string,
  entries: readonly MeetingEntry[],
): Promise<Map<string, StoredMeeting>> {
  const found = await rows<Row>(
    tx,
    sql`select c.ical_uid as "icalUid", c.original_start as "originalStart", c.changed_at as "changedAt", m.id,
               m.organizer_id as "organizerId", m.project_id as "projectId", m.title, m.start_time as start, m.end_time as end, m.status,
               c.source_id as "sourceId", c.from_organizer as "fromOrganizer", c.guests, c.shows_everybody as "showsEverybody",
               (select jsonb_agg(jsonb_build_object('userId', k.user_id::text, 'selfKey', o.self_key, 'response', o.response) order by o.connection_id)
                from calendar_copies o join calendar_connections k on k.id = o.connection_id
                where o.meeting_id = m.id and o.connection_id <> ${connectionId} and k.status = 'active') as copies,
               (select jsonb_object_agg(p.user_id::text, p.response) from meeting_participants p where p.meeting_id = m.id) as responses
        from unnest(${array(entries.map(({ icalUid }) => icalUid))}::text[],
                    ${array(entries.map(({ originalStart }) => originalStart))}::text[]) as s(ical_uid, original_start)
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
        version: {
          sourceId: row.sourceId,
          fromOrganizer: row.fromOrganizer,
          changedAt: new Date(row.changedAt),
        },
        guests: row.guests,
        showsEverybody: row.showsEverybody,
        copies: row.copies ?? [],
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

/** User ids by lower-case address. Where several users share an address, the lowest id. */
export async function usersByEmail(tx: Tx, entries: readonly MeetingEntry[]): Promise<Map<string, string>> {
  const emails = new Set(
    entries.flatMap(({ organizer, people }) =>
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
