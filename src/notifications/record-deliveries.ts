import { sql } from "drizzle-orm";
import type { deliveries } from "../db/schema/notifications.ts";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { groupBy } from "../group-by.ts";
import type { DecidedDelivery } from "./decide-deliveries.ts";
import type { NotificationText } from "./notification-type.ts";

type Shown = DecidedDelivery & { readonly text: NotificationText };

/**
 * Writes deliveries, and the notifications that are shown in the app. Three statements, whatever the number
 * of deliveries.
 */
export async function recordDeliveries(
  tx: Tx,
  decided: readonly DecidedDelivery[],
  now: Date,
): Promise<void> {
  if (decided.length === 0) return;
  const shown = decided
    .filter(({ channel, decision }) => channel === "in_app" && decision.kind === "now")
    .map((one) => ({ ...one, text: textOf(one, now) }));
  const counting = shown.filter(isCounting);
  const counted = await countInThreads(tx, counting);
  const alone = await insertNotifications(
    tx,
    shown.filter((one) => !isCounting(one)),
  );
  await writeDeliveries(tx, decided, new Map([...counted, ...alone]), now);
}

const textOf = ({ type, event, userId, timeZone }: DecidedDelivery, now: Date): NotificationText =>
  type.text(event, { userId, timeZone, now });

const isCounting = ({ type, event, userId }: DecidedDelivery): boolean =>
  event.threadId !== null && (type.countsInThread?.(event, userId) ?? false);

const pairOf = (eventId: string, userId: string): string => `${eventId}:${userId}`;

async function insertNotifications(tx: Tx, shown: readonly Shown[]): Promise<Map<string, string>> {
  if (shown.length === 0) return new Map();
  const written = await rows<{ id: string; eventId: string; userId: string }>(
    tx,
    sql`insert into notifications (user_id, event_type, event_id, project_id, thread_id, title, body, link)
        select * from jsonb_to_recordset(${JSON.stringify(shown.map(rowOf))}::jsonb) as n(
          user_id bigint, event_type text, event_id bigint, project_id bigint, thread_id bigint, title text, body text, link text)
        returning id, event_id as "eventId", user_id as "userId"`,
  );
  return new Map(written.map(({ id, eventId, userId }) => [pairOf(eventId, userId), id]));
}

const rowOf = ({ event, userId, text }: Shown) => ({
  user_id: userId,
  event_type: event.type,
  event_id: event.id,
  project_id: event.projectId,
  thread_id: event.threadId,
  ...text,
});

/**
 * Counts messages into the unread notification of their thread, and creates it if there is none. The
 * statement computes the number in the title, since another transaction may count at the same time. Rows are
 * locked in one order, so that two transactions cannot deadlock.
 */
async function countInThreads(tx: Tx, shown: readonly Shown[]): Promise<Map<string, string>> {
  if (shown.length === 0) return new Map();
  const threadOf = ({ event, userId }: { event: DecidedDelivery["event"]; userId: string }) =>
    `${userId}:${event.threadId}`;
  const groups = [...groupBy(shown, threadOf)].map(([, group]) => ({
    ...rowOf(group.at(-1) as Shown),
    count: group.length,
  }));
  const written = await rows<{ id: string; userId: string; threadId: string }>(
    tx,
    sql`insert into notifications as n (user_id, event_type, event_id, project_id, thread_id, title, body, link, count, counting)
        select user_id, event_type, event_id, project_id, thread_id,
               case when count = 1 then title else regexp_replace(title, ${FIRST_COUNT}, count || ${MANY_MESSAGES}) end,
               body, link, count, true
        from jsonb_to_recordset(${JSON.stringify(groups)}::jsonb) as g(
          user_id bigint, event_type text, event_id bigint, project_id bigint, thread_id bigint, title text, body text, link text, count int)
        order by user_id, thread_id
        on conflict (user_id, thread_id) where counting and read_at is null do update set
          count = n.count + excluded.count, event_id = greatest(n.event_id, excluded.event_id), updated_at = now(),
          title = regexp_replace(excluded.title, ${ANY_COUNT}, (n.count + excluded.count) || ${MANY_MESSAGES})
        returning id, user_id as "userId", thread_id as "threadId"`,
  );
  const ids = new Map(written.map(({ id, userId, threadId }) => [`${userId}:${threadId}`, id]));
  return new Map(
    shown.map((one) => [pairOf(one.event.id, one.userId), ids.get(threadOf(one)) as string] as const),
  );
}

/** The beginning of the title of a notification that counts messages. */
const FIRST_COUNT = "^1 new message";
const ANY_COUNT = "^\\d+ new messages?";
const MANY_MESSAGES = " new messages";

type Columns = typeof deliveries.$inferSelect;

async function writeDeliveries(
  tx: Tx,
  decided: readonly DecidedDelivery[],
  notificationIds: ReadonlyMap<string, string>,
  now: Date,
): Promise<void> {
  const written = decided.map(({ event, userId, channel, decision }) => ({
    event_id: event.id,
    event_type: event.type,
    user_id: userId,
    channel,
    notification_id: notificationIds.get(pairOf(event.id, userId)) ?? null,
    decision: decision.kind satisfies Columns["decision"],
    cadence: (decision.kind === "digested" ? decision.cadence : null) satisfies Columns["cadence"],
    reason: decision.reason,
    not_before: decision.kind === "deferred" ? decision.notBefore : null,
    status: initialStatus(channel, decision),
  }));
  await tx.execute(
    sql`insert into deliveries (event_id, event_type, user_id, channel, notification_id, decision, cadence, reason, not_before, status,
                                decided_at, sent_at)
        select d.*, ${now}::timestamptz, case when d.status = 'delivered' then ${now}::timestamptz end
        from jsonb_to_recordset(${JSON.stringify(written)}::jsonb) as d(
          event_id bigint, event_type text, user_id bigint, channel text, notification_id bigint, decision text, cadence text, reason text,
          not_before timestamptz, status text)`,
  );
}

/** In the app, a delivery is delivered with the row itself. */
function initialStatus(
  channel: DecidedDelivery["channel"],
  { kind }: DecidedDelivery["decision"],
): Columns["status"] {
  if (kind === "skipped") return "none";
  return channel === "in_app" ? "delivered" : "pending";
}
