import { type SQL, sql } from "drizzle-orm";
import { type IdRange, idsBetween, MAX_ID } from "../db/id-ranges.ts";
import type { deliveries } from "../db/schema/notifications.ts";
import { type Queryable, rows } from "../db/statement.ts";

type Columns = typeof deliveries.$inferSelect;

/** A decision for an event, user and channel, and its result. Ids are ours. */
export type DecisionLine = Pick<
  Columns,
  "eventType" | "channel" | "decision" | "cadence" | "reason" | "status" | "error"
> & {
  readonly id: string;
  readonly eventId: string;
  readonly userId: string;
  readonly notificationId: string | null;
  readonly notBefore: Date | null;
  readonly decidedAt: Date;
  readonly sentAt: Date | null;
  /** When the notification in the app was read. */
  readonly readAt: Date | null;
  /** The e-mail that contained it, and why that was not sent or failed. */
  readonly emailId: string | null;
  readonly emailStatus: string | null;
  readonly emailReason: string | null;
};

type Instants = "notBefore" | "decidedAt" | "sentAt" | "readAt";
type LineRow = Omit<DecisionLine, Instants> & {
  decidedAt: string;
  notBefore: string | null;
  sentAt: string | null;
  readAt: string | null;
};

/** How many decisions were the same. */
export type DecisionCount = Pick<Columns, "channel" | "decision" | "cadence" | "reason"> & {
  readonly count: number;
};

export type DecisionCounts = {
  /** The most frequent first. */
  readonly counts: readonly DecisionCount[];
  readonly total: number;
  /** True if there were more: the newest ones were counted. */
  readonly isPartial: boolean;
};

export type DecisionFilter = {
  readonly eventType?: string | undefined;
  readonly channel?: Columns["channel"] | undefined;
  readonly decision?: Columns["decision"] | undefined;
  readonly reason?: string | undefined;
};

/** A page of decisions, newest first. */
export type DecisionPage = {
  readonly lines: readonly DecisionLine[];
  /** Decisions with lower ids are on the next page; null on the last one. */
  readonly before: string | null;
};

/**
 * At most this many decisions are read by a statement: some tens of milliseconds, however large the table is.
 */
const MOST_READ = 50_000;

/** The number of channels. A user has at most one decision about an event for each. */
const CHANNELS = 2;

const NEWEST_FIRST = sql`d.id desc`;
const BY_USER = sql`d.user_id, d.channel desc`;

const TABLE = { table: "deliveries", time: "created_at" };

/** The range of ids of the decisions of a time span. `to` null: until now. */
export const decisionsBetween = (on: Queryable, from: Date, to: Date | null): Promise<IdRange> =>
  idsBetween(on, TABLE, from, to);

/** Counts decisions by channel, decision and reason: the newest 50,000 of the range. */
export const countDecisions = (
  on: Queryable,
  { from, to }: IdRange,
  mostRead = MOST_READ,
): Promise<DecisionCounts> => countOf(on, sql`id >= ${from} and id < ${to} order by id desc`, mostRead);

/** Counts the decisions for the recipients of an event. */
export const countForEvent = (on: Queryable, eventId: string): Promise<DecisionCounts> =>
  countOf(on, sql`event_id = ${eventId}`, MOST_READ);

async function countOf(on: Queryable, which: SQL, mostRead: number): Promise<DecisionCounts> {
  const counts = await rows<DecisionCount>(
    on,
    sql`select channel, decision, cadence, reason, count(*)::int as count
        from (select channel, decision, cadence, reason from deliveries where ${which} limit ${mostRead + 1}) d
        group by channel, decision, cadence, reason order by count desc, channel, decision, reason, cadence`,
  );
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  return { counts, total, isPartial: total > mostRead };
}

type Listing = {
  /** Only lower ids. */
  readonly before?: string | undefined;
  readonly limit: number;
};

/**
 * Lists the decisions of a range. At most 50,000 decisions are searched for those that pass the filter; if
 * they are not enough for a page, it is short, and the next one continues.
 */
export async function listDecisions(
  on: Queryable,
  range: IdRange,
  filter: DecisionFilter,
  { before, limit, mostRead = MOST_READ }: Listing & { readonly mostRead?: number },
): Promise<DecisionPage> {
  const to = before ?? range.to;
  const searched = sql`select * from deliveries where id >= ${range.from} and id < ${to} order by id desc limit ${mostRead}`;
  const lines = await readLines(on, sql`(${searched}) d where ${passes(filter)}`, NEWEST_FIRST, limit);
  if (lines.length === limit) return { lines, before: lines.at(-1)?.id ?? null };
  const [next] = await rows<{ id: string }>(
    on,
    sql`select id from deliveries where id >= ${range.from} and id < ${to} order by id desc limit 1 offset ${mostRead - 1}`,
  );
  return { lines, before: next?.id ?? null };
}

const passes = ({ eventType, channel, decision, reason }: DecisionFilter): SQL => sql`
  (${eventType ?? null}::text is null or d.event_type = ${eventType ?? null})
  and (${channel ?? null}::text is null or d.channel = ${channel ?? null})
  and (${decision ?? null}::text is null or d.decision = ${decision ?? null})
  and (${reason ?? null}::text is null or d.reason = ${reason ?? null})`;

/** Lists the decisions for a user. */
export async function listForUser(
  on: Queryable,
  userId: string,
  { before, limit }: Listing,
): Promise<DecisionPage> {
  const lines = await readLines(
    on,
    sql`deliveries d where d.user_id = ${userId} and d.id < ${before ?? MAX_ID}::bigint`,
    NEWEST_FIRST,
    limit,
  );
  return { lines, before: lines.length === limit ? (lines.at(-1)?.id ?? null) : null };
}

/** The decisions about one event for one user. */
export const decisionsFor = (on: Queryable, eventId: string, userId: string): Promise<DecisionLine[]> =>
  readLines(on, sql`deliveries d where d.event_id = ${eventId} and d.user_id = ${userId}`, BY_USER, CHANNELS);

/**
 * A page of the decisions about an event: all of those for users with higher ids than `after`, by user.
 *
 * @param options.limit users per page.
 */
export async function listForEvent(
  on: Queryable,
  eventId: string,
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
): Promise<{ readonly lines: readonly DecisionLine[]; readonly after: string | null }> {
  const lines = await readLines(
    on,
    sql`deliveries d where d.event_id = ${eventId} and d.user_id > ${after ?? "0"}::bigint`,
    BY_USER,
    CHANNELS * limit + 1,
  );
  const users = [...new Set(lines.map(({ userId }) => userId))];
  const shown = new Set(users.slice(0, limit));
  return {
    lines: lines.filter(({ userId }) => shown.has(userId)),
    after: users.length > limit ? (users[limit - 1] ?? null) : null,
  };
}

/** Reads deliveries `d`, in an order and up to a limit, with their results. */
async function readLines(on: Queryable, from: SQL, order: SQL, limit: number): Promise<DecisionLine[]> {
  const found = await rows<LineRow>(
    on,
    sql`select d.id, d.event_id as "eventId", d.event_type as "eventType", d.user_id as "userId", d.channel,
               d.notification_id as "notificationId", d.decision, d.cadence, d.reason, d.not_before as "notBefore", d.status, d.error,
               d.decided_at as "decidedAt", d.sent_at as "sentAt",
               (select n.read_at from notifications n where n.id = d.notification_id) as "readAt",
               m.id as "emailId", m.status as "emailStatus", m.reason as "emailReason"
        from (select d.* from ${from} order by ${order} limit ${limit}) d
        left join lateral (
          select m.id, m.status, m.reason from emails m where m.delivery_id = d.id
          union all
          select m.id, m.status, m.reason from emails m where d.digest_id is not null and m.digest_id = d.digest_id
          limit 1) m on true
        order by ${order}`,
  );
  return found.map(({ notBefore, decidedAt, sentAt, readAt, ...line }) => ({
    ...line,
    notBefore: dateOf(notBefore),
    decidedAt: new Date(decidedAt),
    sentAt: dateOf(sentAt),
    readAt: dateOf(readAt),
  }));
}

const dateOf = (instant: string | null): Date | null => (instant === null ? null : new Date(instant));
