import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { meetingUpdated } from "../events/calendar.ts";
import { emit } from "../events/event.ts";

export type RemovedCopy = { readonly meetingId: string; readonly isOrganizer: boolean };

/**
 * Entries that are gone from a user's calendar. From the organizer's: the meeting is off. From another's: they do not come. And a
 * meeting that stands in no calendar any more is off as well: its organizer's may be one that we never read.
 */
export async function removeCopies(
  tx: Tx,
  userId: string,
  copies: readonly RemovedCopy[],
  now: Date,
): Promise<void> {
  if (copies.length === 0) return;
  const ids = [...new Set(copies.map(({ meetingId }) => meetingId))];
  const theirs = copies.flatMap(({ meetingId, isOrganizer }) => (isOrganizer ? [meetingId] : []));
  await tx.execute(
    sql`update meeting_participants set response = 'declined'
        where user_id = ${userId} and meeting_id = any(${array(ids)}::bigint[]) and meeting_id <> all(${array(theirs)}::bigint[])
          and response <> 'declined'`,
  );
  const off = await rows<{ id: string; organizerId: string; projectId: string | null; isAhead: boolean }>(
    tx,
    sql`update meetings m set status = 'cancelled', updated_at = ${now}
        where m.id = any(${array(ids)}::bigint[]) and m.status = 'scheduled'
          and (m.id = any(${array(theirs)}::bigint[])
               or not exists (select 1 from calendar_copies c where c.meeting_id = m.id))
        returning m.id, m.organizer_id as "organizerId", m.project_id as "projectId", m.start_time > ${now} as "isAhead"`,
  );
  // Another calendar may still show it for a moment: only a later change takes it up again.
  await tx.execute(
    sql`update calendar_meetings set changed_at = ${now} where meeting_id = any(${array(off.map(({ id }) => id))}::bigint[])`,
  );
  await emit(
    tx,
    meetingUpdated,
    off
      .filter(({ isAhead }) => isAhead)
      .map(({ id, organizerId, projectId }) => ({
        payload: { changes: { time: false, participants: false } },
        occurredAt: now,
        actorId: organizerId,
        meetingId: id,
        ...(projectId ? { projectId } : {}),
      })),
  );
}

/**
 * After everything in a window was read, what was not seen in it is gone: the word of its removal was lost. What is long past is
 * forgotten without a word.
 *
 * @returns how many entries were gone.
 */
export async function removeUnseen(
  tx: Tx,
  connection: { readonly id: string; readonly userId: string },
  window: { readonly startedAt: Date; readonly from: Date; readonly until: Date },
  now: Date,
): Promise<number> {
  const copies = await rows<RemovedCopy>(
    tx,
    sql`delete from calendar_copies c using meetings m
        where c.connection_id = ${connection.id} and m.id = c.meeting_id and c.seen_at < ${window.startedAt}
          and m.end_time > ${window.from} and m.start_time < ${window.until}
        returning c.meeting_id as "meetingId", c.is_organizer as "isOrganizer"`,
  );
  await removeCopies(tx, connection.userId, copies, now);
  await tx.execute(
    sql`delete from calendar_copies c using meetings m
        where c.connection_id = ${connection.id} and m.id = c.meeting_id and m.end_time <= ${window.from}`,
  );
  return copies.length;
}
