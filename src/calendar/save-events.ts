import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { meetingInvited, meetingUpdated } from "../events/calendar.ts";
import { emit } from "../events/event.ts";
import type { SeenEvent } from "../ports/calendar.ts";
import type { Counts } from "../queues/outcome.ts";
import { PROVIDER } from "./connections.ts";
import { type Plan, planMeetings } from "./plan-meetings.ts";
import { removeCopies } from "./removed-entries.ts";
import { loadStored, lockSources, type SeenMeeting, sourceOf, usersByEmail } from "./stored-meetings.ts";

export type Saving = {
  readonly connection: { readonly id: string; readonly userId: string };
  readonly events: readonly SeenEvent[];
  readonly lastSyncedAt: Date | null;
  readonly now: Date;
};

type Planned = Plan & { readonly id: string };

/** Stores a page of a calendar: meetings, who takes part, what was removed; and tells of what is new. The same page twice is once. */
export async function saveEvents(tx: Tx, saving: Saving): Promise<Counts> {
  const { connection, events, lastSyncedAt, now } = saving;
  const bySource = new Map<string, SeenMeeting>();
  for (const event of events) if (event.kind === "meeting") bySource.set(sourceOf(event), event);
  const seen = [...bySource.values()];
  await lockSources(tx, seen);
  const plans = planMeetings(seen, {
    ownerId: connection.userId,
    userByEmail: await usersByEmail(tx, seen),
    stored: await loadStored(tx, seen),
    lastSyncedAt,
    now,
  });
  const planned = await withIds(tx, plans);
  const changed = planned.filter(({ changes }) => changes !== null);
  await writeMeetings(tx, changed, now);
  await writeParticipants(tx, changed, now);
  await writeCopies(tx, connection.id, events, planned, now);
  const removed = await removeNone(tx, saving);
  await tell(tx, changed, now);
  return { meetings: seen.length, changed: changed.length, removed };
}

async function withIds(tx: Tx, plans: readonly Plan[]): Promise<Planned[]> {
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
    planned.map(({ id, organizerId, seen }) => ({
      id,
      organizer_id: organizerId,
      title: seen.title,
      start_time: seen.start,
      end_time: seen.end,
      ical_uid: seen.icalUid,
      original_start: seen.originalStart,
      changed_at: seen.changedAt,
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
  await tx.execute(
    sql`insert into calendar_meetings (meeting_id, provider, ical_uid, original_start, changed_at)
        select id, ${PROVIDER}, ical_uid, original_start, changed_at
        from jsonb_to_recordset(${document}::jsonb)
          as m(id bigint, ical_uid text, original_start text, changed_at timestamptz)
        on conflict (meeting_id) do update set changed_at = excluded.changed_at`,
  );
}

async function writeParticipants(tx: Tx, planned: readonly Planned[], now: Date): Promise<void> {
  const taking = planned.flatMap(({ id, facts }) =>
    Object.entries(facts.responses).map(([user, response]) => ({ id, user, response })),
  );
  if (taking.length > 0) {
    await tx.execute(
      sql`insert into meeting_participants (meeting_id, user_id, response, invited_at)
          select p.meeting_id, p.user_id, p.response, ${now}
          from unnest(${array(taking.map(({ id }) => id))}::bigint[], ${array(taking.map(({ user }) => user))}::bigint[],
                      ${array(taking.map(({ response }) => response))}::text[]) as p(meeting_id, user_id, response)
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

async function writeCopies(
  tx: Tx,
  connectionId: string,
  events: readonly SeenEvent[],
  planned: readonly Planned[],
  now: Date,
): Promise<void> {
  const idOf = new Map(planned.map(({ seen, id }) => [sourceOf(seen), id]));
  const copies = new Map(
    events.flatMap((event) => (event.kind === "meeting" ? [[event.id, event] as const] : [])),
  );
  if (copies.size === 0) return;
  const all = [...copies.values()];
  await tx.execute(
    sql`insert into calendar_copies (connection_id, event_id, meeting_id, is_organizer, seen_at)
        select ${connectionId}, c.event_id, c.meeting_id, c.is_organizer, ${now}
        from unnest(${array(all.map(({ id }) => id))}::text[], ${array(all.map((event) => idOf.get(sourceOf(event))))}::bigint[],
                    ${array(all.map(({ organizer }) => organizer?.isSelf === true))}::boolean[]) as c(event_id, meeting_id, is_organizer)
        on conflict (connection_id, event_id) do update set
          meeting_id = excluded.meeting_id, is_organizer = excluded.is_organizer, seen_at = excluded.seen_at`,
  );
}

/** Entries that nobody meets for (any more). Of most nothing was ever stored. */
async function removeNone(tx: Tx, { connection, events, now }: Saving): Promise<number> {
  const gone = events.flatMap((event) => (event.kind === "none" ? [event.id] : []));
  if (gone.length === 0) return 0;
  const copies = await rows<{ meetingId: string; isOrganizer: boolean }>(
    tx,
    sql`delete from calendar_copies where connection_id = ${connection.id} and event_id = any(${array(gone)}::text[])
        returning meeting_id as "meetingId", is_organizer as "isOrganizer"`,
  );
  await removeCopies(tx, connection.userId, copies, now);
  return copies.length;
}

async function tell(tx: Tx, planned: readonly Planned[], now: Date): Promise<void> {
  const about = ({ id, organizerId, stored }: Planned) => ({
    occurredAt: now,
    actorId: organizerId,
    meetingId: id,
    ...(stored?.projectId ? { projectId: stored.projectId } : {}),
  });
  await emit(
    tx,
    meetingInvited,
    planned.flatMap((plan) =>
      plan.tellInvited.map((user) => ({ ...about(plan), payload: { invited_user_id: user } })),
    ),
  );
  await emit(
    tx,
    meetingUpdated,
    planned.flatMap((plan) => {
      const { changes } = plan;
      if (!plan.tellChanged || changes === null) return [];
      const participants = changes.invited.length + changes.dropped.length > 0;
      return [{ ...about(plan), payload: { changes: { time: changes.time, participants } } }];
    }),
  );
}
