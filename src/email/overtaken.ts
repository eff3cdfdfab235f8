import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { ToldEvent } from "../notifications/notification-type.ts";

/** A nudge that is to be sent to somebody. */
export type Nudge = { readonly deliveryId: string; readonly userId: string; readonly event: ToldEvent };

/** What is still so of a nudge: its event, told as it is now; null when it is not so any more. */
export type StillSo = ReadonlyMap<string, ToldEvent | null>;

type UnreadThread = { readonly thread_id: string; readonly unread: number };

/**
 * Looks again at what nudges are about: messages may have been read, a profile completed. Of several threads those that still wait are
 * told, with the number of messages that wait now.
 */
export async function lookAgain(tx: Tx, nudges: readonly Nudge[]): Promise<StillSo> {
  const ofType = (type: string) => nudges.filter(({ event }) => event.type === type);
  return new Map([
    ...(await unreadThreads(tx, ofType("thread_unread_stale"))),
    ...(await incompleteResumes(tx, ofType("resume_incomplete_nudge"))),
  ]);
}

async function unreadThreads(tx: Tx, nudges: readonly Nudge[]): Promise<[string, ToldEvent | null][]> {
  if (nudges.length === 0) return [];
  const asked = nudges.flatMap(({ deliveryId, userId, event }) =>
    threadsOf(event).map(({ thread_id }) => ({ delivery_id: deliveryId, user_id: userId, thread_id })),
  );
  const found = await rows<{ deliveryId: string; threadId: string; unread: number }>(
    tx,
    sql`select a.delivery_id as "deliveryId", a.thread_id as "threadId", count(*)::int as unread
        from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) as a(delivery_id bigint, user_id bigint, thread_id bigint)
        join chat_thread_participants p on p.thread_id = a.thread_id and p.user_id = a.user_id
        join messages m on m.thread_id = a.thread_id and m.sender_id <> a.user_id
          and m.created_at > coalesce(p.last_read_at, '-infinity')
        group by a.delivery_id, a.thread_id`,
  );
  const unread = new Map(found.map((row) => [`${row.deliveryId}:${row.threadId}`, row.unread]));
  return nudges.map(({ deliveryId, event }) => {
    const threads = threadsOf(event).flatMap((thread) => {
      const now = unread.get(`${deliveryId}:${thread.thread_id}`);
      return now === undefined ? [] : [{ ...thread, unread: now }];
    });
    return [
      deliveryId,
      threads.length === 0 ? null : { ...event, payload: { ...(event.payload as object), threads } },
    ];
  });
}

/** The threads that a nudge names, or the one that its event is about. */
function threadsOf({ payload, threadId }: ToldEvent): readonly UnreadThread[] {
  const { threads } = payload as { threads?: readonly UnreadThread[] };
  if (threads !== undefined && threads.length > 0) return threads;
  return threadId === null ? [] : [{ thread_id: threadId, unread: 0 }];
}

async function incompleteResumes(tx: Tx, nudges: readonly Nudge[]): Promise<[string, ToldEvent | null][]> {
  if (nudges.length === 0) return [];
  const asked = nudges.map(({ deliveryId, event }) => ({
    delivery_id: deliveryId,
    project_id: event.projectId,
    kind: (event.payload as { resume_kind?: string }).resume_kind ?? null,
  }));
  const complete = await rows<{ deliveryId: string }>(
    tx,
    sql`select a.delivery_id as "deliveryId"
        from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) as a(delivery_id bigint, project_id bigint, kind text)
        join resumes r on r.project_id = a.project_id and r.kind = a.kind and r.completeness >= 100`,
  );
  const done = new Set(complete.map(({ deliveryId }) => deliveryId));
  return nudges.map(({ deliveryId, event }) => [deliveryId, done.has(deliveryId) ? null : event]);
}
