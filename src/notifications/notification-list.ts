import { sql } from "drizzle-orm";
import { array, type Queryable, rows } from "../db/statement.ts";

/**
 * A notification, as shown to the user. Project and thread are given by the host's ids where there are any.
 * Times are ISO 8601; `version` grows with every change.
 */
export type UserNotification = {
  readonly id: string;
  readonly userId: string;
  readonly eventType: string;
  /** The latest event it is about. */
  readonly eventId: string;
  readonly projectId: string | null;
  readonly threadId: string | null;
  readonly title: string;
  readonly body: string;
  readonly link: string;
  readonly count: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly readAt: string | null;
  /** Microseconds since 1970 of the last change. */
  readonly version: string;
};

const COLUMNS = sql.raw(
  `n.id, n.user_id as "userId", n.event_type as "eventType", n.event_id as "eventId",
   coalesce((select p.host_id from projects p where p.id = n.project_id), n.project_id::text) as "projectId",
   coalesce((select t.host_id from chat_threads t where t.id = n.thread_id), n.thread_id::text) as "threadId", n.title, n.body, n.link,
   n.count, to_json(n.created_at) #>> '{}' as "createdAt", to_json(n.updated_at) #>> '{}' as "updatedAt",
   to_json(n.read_at) #>> '{}' as "readAt", (extract(epoch from n.updated_at) * 1000000)::bigint::text as version`,
);

export type NotificationPage = {
  readonly notifications: readonly UserNotification[];
  readonly unread: number;
  /** Null on the last page. */
  readonly next: number | null;
};

const PER_PAGE = 50;

/** One page of a user's notifications, most recently changed first. Pages start at 1. */
export async function readNotificationPage(
  db: Queryable,
  userId: string,
  { page, unreadOnly }: { readonly page: number; readonly unreadOnly: boolean },
): Promise<NotificationPage> {
  const [counted] = await rows<{ unread: number }>(
    db,
    sql`select count(*)::int as unread from notifications where user_id = ${userId} and read_at is null`,
  );
  const found = await rows<UserNotification>(
    db,
    sql`select ${COLUMNS} from notifications n
        where n.user_id = ${userId} and ${unreadOnly ? sql`n.read_at is null` : sql`true`}
        order by n.updated_at desc, n.id desc limit ${PER_PAGE + 1} offset ${(page - 1) * PER_PAGE}`,
  );
  return {
    notifications: found.slice(0, PER_PAGE),
    unread: counted?.unread ?? 0,
    next: found.length > PER_PAGE ? page + 1 : null,
  };
}

/**
 * Marks a notification as read. Marking it again changes nothing.
 * @returns when it was first read, or null if the user has no such notification.
 */
export async function markRead(db: Queryable, userId: string, id: string, now: Date): Promise<string | null> {
  const [read] = await rows<{ readAt: string }>(
    db,
    sql`update notifications set read_at = coalesce(read_at, ${now}::timestamptz) where id = ${id} and user_id = ${userId}
        returning to_json(read_at) #>> '{}' as "readAt"`,
  );
  return read?.readAt ?? null;
}

/** Marks all notifications as read. @returns how many were unread. */
export async function markAllRead(db: Queryable, userId: string, now: Date): Promise<number> {
  const read = await db.execute(
    sql`update notifications set read_at = ${now}::timestamptz where user_id = ${userId} and read_at is null`,
  );
  return read.rowCount ?? 0;
}

/**
 * How far each poll looks back. A row carries the start time of its transaction and becomes visible when that
 * commits, so the overlap must exceed the longest transaction. Readers skip rows whose id and version they
 * know.
 */
export const LOOK_BACK_MICROS = 7_000_000n;

const asOfNow = sql`(select (extract(epoch from now()) * 1000000)::bigint as as_of) clock`;

/**
 * Reads the notifications of some users that changed since an instant in microseconds (null: now).
 * @returns them, and the instant to pass next.
 */
export async function readNotificationChanges(
  db: Queryable,
  userIds: readonly string[],
  since: bigint | null,
): Promise<{ readonly changes: readonly UserNotification[]; readonly asOf: bigint }> {
  const found = await rows<UserNotification & { asOf: string }>(
    db,
    sql`select clock.as_of as "asOf", n.* from ${asOfNow}
        left join lateral (
          select ${COLUMNS} from notifications n
          where n.user_id = any(${array(userIds)}::bigint[])
            and n.updated_at > to_timestamp((coalesce(${since === null ? null : String(since)}::bigint, clock.as_of)
                                             - ${String(LOOK_BACK_MICROS)}::bigint) / 1000000.0)
          order by n.updated_at, n.id) n on true`,
  );
  return {
    changes: found.filter(({ id }) => id !== null).map(({ asOf: _, ...notification }) => notification),
    asOf: BigInt(found[0]?.asOf ?? 0),
  };
}

/**
 * Reads what one user missed since an instant in microseconds: the latest changes, in order.
 * @returns `isIncomplete` if there were more than `limit`, and the instant up to which the result is
 *   complete.
 */
export async function readMissed(
  db: Queryable,
  userId: string,
  from: bigint,
  limit: number,
): Promise<{
  readonly changes: readonly UserNotification[];
  readonly isIncomplete: boolean;
  readonly asOf: bigint;
}> {
  const found = await rows<UserNotification & { asOf: string }>(
    db,
    sql`select clock.as_of as "asOf", n.* from ${asOfNow}
        left join lateral (
          select ${COLUMNS} from notifications n
          where n.user_id = ${userId} and n.updated_at >= to_timestamp(${String(from)}::bigint / 1000000.0)
          order by n.updated_at desc, n.id desc limit ${limit + 1}) n on true`,
  );
  const changes = found.filter(({ id }) => id !== null).map(({ asOf: _, ...notification }) => notification);
  return {
    changes: changes.slice(0, limit).reverse(),
    isIncomplete: changes.length > limit,
    asOf: BigInt(found[0]?.asOf ?? 0),
  };
}
