import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { emit } from "../events/event.ts";
import { meetingUpdated } from "../events/host.ts";

/** A meeting's entry that was removed from a calendar, and whether the calendar is the organizer's. */
export type RemovedEntry = { readonly meetingId: string; readonly isOrganizer: boolean };

/**
 * Applies the removal of entries from a user's calendar. Removed from the organizer's calendar, the meeting
 * is cancelled; from another one, that participant declines. A meeting without any entry left is cancelled
 * too: its organizer's calendar may not be connected. Afterwards only a version that was changed later
 * counts.
 */
export async function applyRemovals(
  tx: Tx,
  userId: string,
  removed: readonly RemovedEntry[],
  now: Date,
): Promise<void> {
  if (removed.length === 0) return;
  const ids = [...new Set(removed.map(({ meetingId }) => meetingId))];
  const organized = removed.flatMap(({ meetingId, isOrganizer }) => (isOrganizer ? [meetingId] : []));
  await tx.execute(
    sql`update meeting_participants set response = 'declined'
        where user_id = ${userId} and meeting_id = any(${array(ids)}::bigint[]) and meeting_id <> all(${array(organized)}::bigint[])
          and response <> 'declined'`,
  );
  const cancelled = await rows<{
    id: string;
    organizerId: string | null;
    projectId: string | null;
    isFuture: boolean;
  }>(
    tx,
    sql`update meetings m set status = 'cancelled', updated_at = ${now}
        where m.id = any(${array(ids)}::bigint[]) and m.status = 'scheduled'
          and (m.id = any(${array(organized)}::bigint[])
               or not exists (select 1 from calendar_copies c where c.meeting_id = m.id and c.removed_at is null))
        returning m.id, m.organizer_id as "organizerId", m.project_id as "projectId", m.start_time > ${now} as "isFuture"`,
  );
  // Another participant's calendar may still show the meeting for a moment: only a later change schedules it
  // again.
  await tx.execute(
    sql`update calendar_meetings set changed_at = ${now}, source_id = null, from_organizer = false where meeting_id = any(${array(cancelled.map(({ id }) => id))}::bigint[])`,
  );
  await emit(
    tx,
    meetingUpdated,
    cancelled
      .filter(({ isFuture }) => isFuture)
      .map(({ id, organizerId, projectId }) => ({
        payload: { changes: { time: false, participants: false } },
        occurredAt: now,
        ...(organizerId ? { actorId: organizerId } : {}),
        meetingId: id,
        ...(projectId ? { projectId } : {}),
      })),
  );
}

/**
 * After a full sync of a window: removes the entries in it that the sync has not seen, since the message
 * about their removal was lost. Entries that ended before the window are deleted without any effect on their
 * meetings.
 *
 * @returns how many entries were missing.
 */
export async function removeMissing(
  tx: Tx,
  connection: { readonly id: string; readonly userId: string },
  window: { readonly startedAt: Date; readonly from: Date; readonly until: Date },
  now: Date,
): Promise<number> {
  const missing = await rows<RemovedEntry>(
    tx,
    sql`update calendar_copies c set removed_at = ${now}, response = 'declined' from meetings m
        where c.connection_id = ${connection.id} and m.id = c.meeting_id and c.seen_at < ${window.startedAt} and c.removed_at is null
          and m.end_time > ${window.from} and m.start_time < ${window.until}
        returning c.meeting_id as "meetingId", c.is_organizer as "isOrganizer"`,
  );
  await applyRemovals(tx, connection.userId, missing, now);
  await tx.execute(
    sql`delete from calendar_copies c using meetings m
        where c.connection_id = ${connection.id} and m.id = c.meeting_id and m.end_time <= ${window.from}`,
  );
  return missing.length;
}
