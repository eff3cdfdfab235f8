import { sql } from "drizzle-orm";
import type { deliveries } from "../db/schema/notifications.ts";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { COUNT_MARK, countClasses } from "../languages/count-classes.ts";
import { mapInPortions, stringifyInPortions } from "../portions.ts";
import type { NotifyDecision } from "../scoring/notifications/notify-decision.ts";
import type { DecidedDeliveries } from "./decide-deliveries.ts";
import type { NotificationText } from "./notification-type.ts";
import { settleCounted, type ThreadReader } from "./settle-reading.ts";
import { createTextWriter, writeText } from "./write-text.ts";

/**
 * Writes deliveries, and the notifications that are shown in the app. A few statements, whatever the number
 * of recipients. The texts of a group are written once and copied by Postgres.
 *
 * @returns the participants of threads whose unread count has to be settled later: they are reading at this
 *   moment.
 */
export async function recordDeliveries(
  tx: Tx,
  decided: readonly DecidedDeliveries[],
  now: Date,
): Promise<readonly ThreadReader[]> {
  if (decided.length === 0) return [];
  const writeOnce = createTextWriter();
  const texts = new Map(await mapInPortions(decided.filter(isShown), (one) => [one, writeOnce(one)]));
  const counting = decided.filter(isCounting);
  const counted = await countInThreads(tx, counting, texts);
  await writeDeliveries(tx, decided, { texts, counted: idsByReader(counted) }, now);
  return settleCounted(tx, { readers: counted, messageIds: counting.flatMap(messageIdOf) });
}

type Texts = ReadonlyMap<DecidedDeliveries, NotificationText>;

const isShown = ({ inApp }: DecidedDeliveries): boolean => inApp?.kind === "now";

const isCounting = (one: DecidedDeliveries): boolean =>
  isShown(one) && one.type.countsInThread === true && one.event.threadId !== null && !one.reader.isMentioned;

function messageIdOf({ type, event }: DecidedDeliveries): string[] {
  const { messageId } = type.references?.(event.payload) ?? {};
  return messageId === undefined ? [] : [messageId];
}

/** The columns of a notification that all recipients of a group share. */
const contentOf = ({ event }: DecidedDeliveries, { title, body, link }: NotificationText) => ({
  event_id: event.id,
  event_type: event.type,
  project_id: event.projectId,
  thread_id: event.threadId,
  title,
  body,
  link,
});

/**
 * Counts messages into the unread notification of their thread, and creates it if there is none. The
 * statement chooses the title by the number, since another transaction may count at the same time. Rows are
 * locked in one order, so that two transactions cannot deadlock.
 *
 * @returns the notifications.
 */
async function countInThreads(
  tx: Tx,
  counting: readonly DecidedDeliveries[],
  texts: Texts,
): Promise<readonly CountingNotification[]> {
  const groups = counting.flatMap((one) => {
    const text = texts.get(one);
    if (text === undefined) return [];
    return [{ ...contentOf(one, text), count_titles: countTitles(one), user_ids: one.userIds }];
  });
  if (groups.length === 0) return [];
  return rows<CountingNotification>(
    tx,
    sql`insert into notifications as n (user_id, event_type, event_id, project_id, thread_id, title, body, link, count, count_titles, counting)
        select u.user_id, max(g.event_type), max(g.event_id), max(g.project_id), g.thread_id,
               count_title(max(g.count_titles), count(*)::int), max(g.body), max(g.link), count(*), max(g.count_titles), true
        from jsonb_to_recordset(${await stringifyInPortions(groups, (group) => group)}::jsonb) as g(
          event_id bigint, event_type text, project_id bigint, thread_id bigint, title text, body text, link text, count_titles text[],
          user_ids bigint[])
        cross join lateral unnest(g.user_ids) as u(user_id)
        group by u.user_id, g.thread_id
        order by u.user_id, g.thread_id
        on conflict (user_id, thread_id) where counting and read_at is null do update set
          count = n.count + excluded.count, event_id = greatest(n.event_id, excluded.event_id), updated_at = now(),
          count_titles = excluded.count_titles, title = count_title(excluded.count_titles, n.count + excluded.count)
        returning id, user_id as "userId", thread_id as "threadId"`,
  );
}

/** The titles of a group by the count, for `count_title` in Postgres, which also lowers counts. */
function countTitles({ type, event, reader }: DecidedDeliveries): string[] {
  const { digits, examples } = countClasses(reader.language.tag);
  const titles = examples.map(
    (count) => writeText(type, event, reader, { count: { count, written: COUNT_MARK } }).title,
  );
  return [digits, ...titles];
}

/** A notification that counts the messages of a thread. */
type CountingNotification = ThreadReader & { readonly id: string };

const readerKey = (userId: string, threadId: string | null): string => `${userId}:${threadId}`;

const idsByReader = (counted: readonly CountingNotification[]): Map<string, string> =>
  new Map(counted.map(({ id, userId, threadId }) => [readerKey(userId, threadId), id]));

type Columns = typeof deliveries.$inferSelect;

type WrittenGroup = {
  readonly texts: Texts;
  /** Ids of notifications that count, by user and thread. */
  readonly counted: ReadonlyMap<string, string>;
};

/** The values that the recipients of a group share, and the recipients. */
function groupOf(one: DecidedDeliveries, { texts, counted }: WrittenGroup) {
  const text = texts.get(one);
  const counts = isCounting(one);
  const { event, userIds, inApp, email } = one;
  return {
    event_id: event.id,
    event_type: event.type,
    ...(text === undefined || counts ? {} : { ...contentOf(one, text), is_new: true }),
    user_ids: userIds,
    counted_ids: counts ? userIds.map((userId) => counted.get(readerKey(userId, event.threadId))) : undefined,
    in_app: inApp?.kind satisfies Columns["decision"] | undefined,
    in_app_reason: inApp?.reason,
    in_app_status: inApp && statusOf(inApp, "delivered"),
    email: email?.kind satisfies Columns["decision"] | undefined,
    email_reason: email?.reason,
    email_status: email && statusOf(email, "pending"),
    cadence: (email?.kind === "digested" ? email.cadence : null) satisfies Columns["cadence"],
    not_before: email?.kind === "deferred" ? email.notBefore : null,
  };
}

const statusOf = ({ kind }: NotifyDecision, status: Columns["status"]): Columns["status"] =>
  kind === "skipped" ? "none" : status;

/**
 * Writes the notifications that are not counted, and all deliveries. The id of each notification is drawn
 * before it is written, so that no join is needed to find it. In the app, a delivery is delivered with the
 * row itself.
 */
async function writeDeliveries(
  tx: Tx,
  decided: readonly DecidedDeliveries[],
  written: WrittenGroup,
  now: Date,
): Promise<void> {
  const groups = await stringifyInPortions(decided, (one) => groupOf(one, written));
  await tx.execute(
    sql`with decided as materialized (
          select g.event_id, g.event_type, g.project_id, g.thread_id, g.title, g.body, g.link, g.is_new, g.in_app, g.in_app_reason,
                 g.in_app_status, g.email, g.email_reason, g.email_status, g.cadence, g.not_before, u.user_id,
                 case when g.is_new then nextval('notifications_id_seq') else u.counted_id end as notification_id
          from jsonb_to_recordset(${groups}::jsonb) as g(
            event_id bigint, event_type text, project_id bigint, thread_id bigint, title text, body text, link text, is_new boolean,
            user_ids bigint[], counted_ids bigint[], in_app text, in_app_reason text, in_app_status text,
            email text, email_reason text, email_status text, cadence text, not_before timestamptz)
          cross join lateral unnest(g.user_ids, g.counted_ids) as u(user_id, counted_id)),
        shown as (
          insert into notifications (id, user_id, event_type, event_id, project_id, thread_id, title, body, link)
          select notification_id, user_id, event_type, event_id, project_id, thread_id, title, body, link from decided where is_new)
        insert into deliveries (event_id, event_type, user_id, notification_id, channel, decision, cadence, reason, not_before, status,
                                decided_at, sent_at)
        select d.event_id, d.event_type, d.user_id, d.notification_id, c.channel, c.decision, c.cadence, c.reason, c.not_before, c.status,
               ${now}::timestamptz, case when c.status = 'delivered' then ${now}::timestamptz end
        from decided d
        cross join lateral (values
          ('in_app', d.in_app, null, d.in_app_reason, null, d.in_app_status),
          ('email', d.email, d.cadence, d.email_reason, d.not_before, d.email_status))
          as c(channel, decision, cadence, reason, not_before, status)
        where c.decision is not null`,
  );
}
