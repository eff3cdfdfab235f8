import { sql } from "drizzle-orm";
import { z } from "zod";
import { hostInstant } from "../db/instants.ts";
import type { meetingParticipants, meetings } from "../db/schema/meetings.ts";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { emit } from "../events/event.ts";
import { meetingReminder } from "../events/nudges.ts";
import {
  DEFAULT_OFFSETS_MINUTES,
  decideReminder,
  LONGEST_OFFSET_MINUTES,
  type ReminderDecision,
  type ReminderFacts,
} from "../scoring/notifications/meeting-reminder.ts";

/** Meetings per transaction, which is limited to 5 s. A meeting has a few participants. */
const MEETINGS_PER_RANGE = 1_000;

/** Meetings in the order of their start, from the first to the last inclusive. */
export const meetingRange = z.object({
  from: z.object({ startTime: z.string(), id: z.string() }),
  to: z.object({ startTime: z.string(), id: z.string() }),
  meetingId: z.string().nullable(),
});
export type MeetingRange = z.infer<typeof meetingRange>;

export type ReminderCandidate = ReminderFacts & {
  readonly meetingId: string;
  readonly userId: string;
  readonly projectId: string | null;
};

const startsSoon = (now: Date) =>
  sql`m.status = 'scheduled' and m.start_time > ${now}::timestamptz
      and m.start_time <= ${now}::timestamptz + ${LONGEST_OFFSET_MINUTES} * interval '1 minute'`;

/** The start in microseconds, so that the bounds of a range are exact. */
const exact = sql.raw(`to_char(m.start_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`);

/** Cuts the meetings that start soon into ranges. */
export async function cutMeetings(tx: Tx, meetingId: string | null, now: Date): Promise<MeetingRange[]> {
  return rows<MeetingRange>(
    tx,
    sql`select (array_agg(bound order by n))[1] as "from", (array_agg(bound order by n desc))[1] as "to", ${meetingId}::text as "meetingId"
        from (select jsonb_build_object('startTime', ${exact}, 'id', m.id::text) as bound, row_number() over (order by m.start_time, m.id) as n
              from meetings m
              where ${startsSoon(now)} and (${meetingId}::bigint is null or m.id = ${meetingId}::bigint)) soon
        group by (n - 1) / ${MEETINGS_PER_RANGE} order by min(n)`,
  );
}

/**
 * The participants of a range of meetings, except those without an offset that has come and those whose
 * nearest such offset is settled: in most runs that is most of them.
 */
export async function readReminderCandidates(
  tx: Tx,
  { from, to, meetingId }: MeetingRange,
  now: Date,
): Promise<ReminderCandidate[]> {
  const found = await rows<
    Omit<ReminderCandidate, "startTime" | "invitedAt" | "status" | "response"> & {
      startTime: string;
      status: (typeof meetings.$inferSelect)["status"];
      invitedAt: string;
      response: (typeof meetingParticipants.$inferSelect)["response"];
    }
  >(
    tx,
    sql`select m.id as "meetingId", p.user_id as "userId", m.project_id as "projectId", m.start_time as "startTime", m.status,
               p.response, p.invited_at as "invitedAt", w.offsets as "offsetsMinutes",
               array(select r.offset_minutes from meeting_reminders r
                     where r.meeting_id = m.id and r.user_id = p.user_id and r.start_time = m.start_time) as "settledMinutes"
        from meetings m
        join meeting_participants p on p.meeting_id = m.id
        left join user_notification_settings s on s.user_id = p.user_id
        cross join lateral (select coalesce(s.reminder_offsets, ${array(DEFAULT_OFFSETS_MINUTES)}::int[]) as offsets) w
        cross join lateral (select min(o) as nearest from unnest(w.offsets) as o
                            where m.start_time <= ${now}::timestamptz + o * interval '1 minute') due
        where ${startsSoon(now)}
          and (m.start_time, m.id) >= (${from.startTime}::timestamptz, ${from.id}::bigint)
          and (m.start_time, m.id) <= (${to.startTime}::timestamptz, ${to.id}::bigint)
          and (${meetingId}::bigint is null or m.id = ${meetingId}::bigint)
          and due.nearest is not null
          and not exists (select 1 from meeting_reminders r where r.meeting_id = m.id and r.user_id = p.user_id
                            and r.start_time = m.start_time and r.offset_minutes = due.nearest)
        order by m.id, p.user_id`,
  );
  return found.map((row) => ({
    ...row,
    startTime: hostInstant(row.startTime),
    invitedAt: hostInstant(row.invitedAt),
  }));
}

export type DecidedReminder = { readonly candidate: ReminderCandidate; readonly decision: ReminderDecision };

export const decideReminders = (candidates: readonly ReminderCandidate[], now: Date): DecidedReminder[] =>
  candidates.map((candidate) => ({ candidate, decision: decideReminder(candidate, now) }));

type LogRow = { candidate: ReminderCandidate; offsetMinutes: number; told: boolean };

/**
 * Settles offsets and emits the reminders. Offsets that another run has settled are skipped. @returns the
 * number of reminders.
 */
export async function recordReminders(
  tx: Tx,
  decided: readonly DecidedReminder[],
  now: Date,
): Promise<number> {
  const log = decided.flatMap(({ candidate, decision }): LogRow[] => {
    if (decision.kind === "none") return [];
    const passed = decision.passedMinutes.map((offsetMinutes) => ({ candidate, offsetMinutes, told: false }));
    return [{ candidate, offsetMinutes: decision.offsetMinutes, told: true }, ...passed];
  });
  if (log.length === 0) return 0;
  const column = <T>(read: (row: LogRow) => T) => array(log.map(read));
  const settled = await rows<{ meetingId: string; userId: string; offsetMinutes: number; told: boolean }>(
    tx,
    // A meeting that is being moved is left to the next run. Its start is taken from the table, with its
    // microseconds.
    sql`insert into meeting_reminders (meeting_id, user_id, start_time, offset_minutes, told, decided_at)
        select l.meeting_id, l.user_id, m.start_time, l.offset_minutes, l.told, ${now}
        from unnest(${column((row) => row.candidate.meetingId)}::bigint[], ${column((row) => row.candidate.userId)}::bigint[],
                    ${column((row) => row.candidate.startTime)}::timestamptz[], ${column((row) => row.offsetMinutes)}::int[],
                    ${column((row) => row.told)}::boolean[])
             as l(meeting_id, user_id, start_time, offset_minutes, told)
        join meetings m on m.id = l.meeting_id and date_trunc('milliseconds', m.start_time) = l.start_time
        order by l.meeting_id, l.user_id, l.offset_minutes
        on conflict do nothing
        returning meeting_id as "meetingId", user_id as "userId", offset_minutes as "offsetMinutes", told`,
  );
  const keyOf = (meetingId: string, userId: string) => `${meetingId}:${userId}`;
  const candidates = new Map(
    decided.map(({ candidate }) => [keyOf(candidate.meetingId, candidate.userId), candidate]),
  );
  const sent = settled.filter((row) => row.told);
  await emit(
    tx,
    meetingReminder,
    sent.map(({ meetingId, userId, offsetMinutes }) => {
      const { startTime, projectId } = candidates.get(keyOf(meetingId, userId)) as ReminderCandidate;
      return {
        payload: { user_id: userId, start_time: startTime.toISOString(), offset_minutes: offsetMinutes },
        occurredAt: now,
        meetingId,
        ...(projectId === null ? {} : { projectId }),
      };
    }),
  );
  return sent.length;
}
