import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { emit } from "../events/event.ts";
import { meetingInvited, meetingUpdated } from "../events/host.ts";
import type { CalendarEntry } from "../ports/calendar.ts";
import type { Counts } from "../queues/outcome.ts";
import { PROVIDER } from "./connections.ts";
import { type MeetingPlan, planMeetings } from "./plan-meetings.ts";
import { applyRemovals, type RemovedEntry } from "./removed-entries.ts";
import {
  guestKey,
  loadStored,
  lockSources,
  type MeetingEntry,
  sourceOf,
  usersByEmail,
} from "./stored-meetings.ts";

export type SyncedPage = {
  readonly connection: { readonly id: string; readonly userId: string };
  readonly entries: readonly CalendarEntry[];
  readonly lastSyncedAt: Date | null;
  readonly now: Date;
};

type Planned = MeetingPlan & { readonly id: string };

/**
 * Stores a page of a calendar: meetings, participants and removals; and emits events for changes. Idempotent.
 */
export async function savePage(tx: Tx, page: SyncedPage): Promise<Counts> {
  const { connection, entries, lastSyncedAt, now } = page;
  const bySource = new Map<string, MeetingEntry>();
  for (const entry of entries) if (entry.kind === "meeting") bySource.set(sourceOf(entry), entry);
  const meetings = [...bySource.values()];
  await lockSources(tx, meetings);
  const plans = planMeetings(meetings, {
    connectionId: connection.id,
    ownerId: connection.userId,
    userByEmail: await usersByEmail(tx, meetings),
    stored: await loadStored(tx, connection.id, meetings),
    lastSyncedAt,
    now,
  });
  const planned = await withIds(tx, plans);
  const changed = planned.filter(({ changes }) => changes !== null);
  await writeMeetings(
    tx,
    changed.filter(({ version }) => version !== null),
    now,
  );
  await writeVersions(tx, planned);
  await writeParticipants(tx, changed, now);
  await writeEntries(tx, connection.id, entries, planned, now);
  const removed = await removeEntries(tx, page);
  await emitChanges(tx, changed, now);
  return { meetings: meetings.length, changed: changed.length, removed };
}

async function withIds(tx: Tx, plans: readonly MeetingPlan[]): Promise<Planned[]> {
  const fresh = plans.filter(({ stored }) => stored === null).length;
  const drawn = await rows<{ id: string }>(
    tx,
    sql`select nextval(pg_get_serial_sequence('meetings', 'id')) as id from generate_series(1, ${fresh}::int)`,
  );
  let next = 0;
  return plans.map((plan) => ({ ...plan, id: plan.stored?.id ?? (drawn[next++]?.id as string) }));
}

async function writeMeetings(tx: Tx, planned: readonly Planned[], now: Date): Promise<void> {
  if (planned.length === 0) return;
  const document = JSON.stringify(
    planned.map(({ id, organizerId, entry }) => ({
      id,
      organizer_id: organizerId,
      title: entry.title,
      start_time: entry.start,
      end_time: entry.end,
    })),
  );
  await tx.execute(
    sql`insert into meetings (id, organizer_id, title, start_time, end_time, status, created_at, updated_at)
        select id, organizer_id, title, start_time, end_time, 'scheduled', ${now}, ${now}
        from jsonb_to_recordset(${document}::jsonb)
          as m(id bigint, organizer_id bigint, title text, start_time timestamptz, end_time timestamptz)
        on conflict (id) do update set
          organizer_id = excluded.organizer_id, title = excluded.title, start_time = excluded.start_time,
          end_time = excluded.end_time, status = excluded.status, updated_at = excluded.updated_at`,
  );
}

/** Records which version of each meeting is stored, and who was in it. */
async function writeVersions(tx: Tx, planned: readonly Planned[]): Promise<void> {
  const versions = planned.flatMap(({ id, entry, version }) =>
    version === null
      ? []
      : [
          {
            id,
            ical_uid: entry.icalUid,
            original_start: entry.originalStart,
            changed_at: entry.changedAt,
            source_id: version.sourceId,
            from_organizer: version.fromOrganizer,
            shows_everybody: entry.showsEverybody,
            guests: [...(entry.organizer ? [entry.organizer] : []), ...entry.people].map(({ email }) =>
              guestKey(email),
            ),
          },
        ],
  );
  if (versions.length === 0) return;
  await tx.execute(
    sql`insert into calendar_meetings (meeting_id, provider, ical_uid, original_start, changed_at, source_id, from_organizer, guests, shows_everybody)
        select id, ${PROVIDER}, ical_uid, original_start, changed_at, source_id, from_organizer, guests, shows_everybody
        from jsonb_to_recordset(${JSON.stringify(versions)}::jsonb)
          as m(id bigint, ical_uid text, original_start text, changed_at timestamptz, source_id bigint, from_organizer boolean,
               guests text[], shows_everybody boolean)
        on conflict (meeting_id) do update set
          changed_at = excluded.changed_at, source_id = excluded.source_id, from_organizer = excluded.from_organizer,
          guests = excluded.guests, shows_everybody = excluded.shows_everybody`,
  );
}

async function writeParticipants(tx: Tx, planned: readonly Planned[], now: Date): Promise<void> {
  const participants = planned.flatMap(({ id, facts }) =>
    Object.entries(facts.responses).map(([user, response]) => ({ id, user, response })),
  );
  if (participants.length > 0) {
    await tx.execute(
      sql`insert into meeting_participants (meeting_id, user_id, response, invited_at)
          select p.meeting_id, p.user_id, p.response, ${now}
          from unnest(${array(participants.map(({ id }) => id))}::bigint[], ${array(participants.map(({ user }) => user))}::bigint[],
                      ${array(participants.map(({ response }) => response))}::text[]) as p(meeting_id, user_id, response)
          on conflict (meeting_id, user_id) do update set response = excluded.response
          where meeting_participants.response <> excluded.response`,
    );
  }
  const dropped = planned.flatMap(({ id, changes }) =>
    (changes?.dropped ?? []).map((user) => ({ id, user })),
  );
  if (dropped.length > 0) {
    await tx.execute(
      sql`delete from meeting_participants p
          using unnest(${array(dropped.map(({ id }) => id))}::bigint[], ${array(dropped.map(({ user }) => user))}::bigint[])
            as d(meeting_id, user_id)
          where p.meeting_id = d.meeting_id and p.user_id = d.user_id`,
    );
  }
}

async function writeEntries(
  tx: Tx,
  connectionId: string,
  entries: readonly CalendarEntry[],
  planned: readonly Planned[],
  now: Date,
): Promise<void> {
  const idOf = new Map(planned.map(({ entry, id }) => [sourceOf(entry), id]));
  const byId = new Map(
    entries.flatMap((entry) => (entry.kind === "meeting" ? [[entry.id, entry] as const] : [])),
  );
  if (byId.size === 0) return;
  const all = [...byId.values()];
  const self = all.map(({ people }) => people.find(({ isSelf }) => isSelf) ?? null);
  await tx.execute(
    sql`insert into calendar_copies (connection_id, event_id, meeting_id, is_organizer, self_key, response, seen_at)
        select ${connectionId}, c.event_id, c.meeting_id, c.is_organizer, c.self_key, c.response, ${now}
        from unnest(${array(all.map(({ id }) => id))}::text[], ${array(all.map((entry) => idOf.get(sourceOf(entry))))}::bigint[],
                    ${array(all.map(({ organizer }) => organizer?.isSelf === true))}::boolean[],
                    ${array(self.map((one) => one && guestKey(one.email)))}::text[], ${array(self.map((one) => one?.response))}::text[])
          as c(event_id, meeting_id, is_organizer, self_key, response)
        on conflict (connection_id, event_id) do update set
          meeting_id = excluded.meeting_id, is_organizer = excluded.is_organizer, self_key = excluded.self_key,
          response = excluded.response, removed_at = null, seen_at = excluded.seen_at`,
  );
}

/**
 * Entries that are not, or no longer, meetings. Most of them were never stored. Those that were are kept
 * until the meeting has ended: that their owner declined counts whatever other calendars show.
 */
async function removeEntries(tx: Tx, { connection, entries, now }: SyncedPage): Promise<number> {
  const gone = entries.flatMap((entry) => (entry.kind === "none" ? [entry.id] : []));
  if (gone.length === 0) return 0;
  const removed = await rows<RemovedEntry>(
    tx,
    sql`update calendar_copies set removed_at = ${now}, response = 'declined'
        where connection_id = ${connection.id} and event_id = any(${array(gone)}::text[]) and removed_at is null
        returning meeting_id as "meetingId", is_organizer as "isOrganizer"`,
  );
  await applyRemovals(tx, connection.userId, removed, now);
  return removed.length;
}

async function emitChanges(tx: Tx, planned: readonly Planned[], now: Date): Promise<void> {
  const about = ({ id, organizerId, stored }: Planned) => ({
    occurredAt: now,
    ...(organizerId ? { actorId: organizerId } : {}),
    meetingId: id,
    ...(stored?.projectId ? { projectId: stored.projectId } : {}),
  });
  await emit(
    tx,
    meetingInvited,
    planned.flatMap((plan) =>
      plan.invitedToNotify.map((user) => ({ ...about(plan), payload: { invited_user_id: user } })),
    ),
  );
  await emit(
    tx,
    meetingUpdated,
    planned.flatMap((plan) => {
      const { changes } = plan;
      if (!plan.notifyOfChange || changes === null) return [];
      const participants = changes.invited.length + changes.dropped.length > 0;
      return [{ ...about(plan), payload: { changes: { time: changes.time, participants } } }];
    }),
  );
}
