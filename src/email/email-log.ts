import { sql } from "drizzle-orm";
import { type IdRange, idsBetween } from "../db/id-ranges.ts";
import type { emails } from "../db/schema/email.ts";
import { type Queryable, rows } from "../db/statement.ts";

type Columns = typeof emails.$inferSelect;
export type EmailStatus = Columns["status"];

/** An e-mail, without its text and address. Ids are ours. */
export type EmailLine = Pick<Columns, "status" | "reason" | "variant"> & {
  readonly id: string;
  readonly userId: string;
  /** Null for a digest. */
  readonly deliveryId: string | null;
  /** The event of a single e-mail, and its type. */
  readonly eventId: string | null;
  readonly eventType: string | null;
  /** The kind of a digest. */
  readonly digest: string | null;
  readonly createdAt: Date;
  readonly sentAt: Date | null;
  /** The span that created its mailing, if tracing was on. */
  readonly trace: string | null;
};

export type EmailCounts = {
  /** The most frequent first. */
  readonly counts: readonly {
    readonly status: EmailStatus;
    readonly reason: string | null;
    readonly count: number;
  }[];
  readonly total: number;
  /** True if there were more: the newest ones were counted. */
  readonly isPartial: boolean;
};

export type EmailFilter = {
  readonly status?: EmailStatus | undefined;
  readonly reason?: string | undefined;
};

/**
 * At most this many e-mails are read by a statement: some tens of milliseconds, however large the table is.
 */
const MOST_READ = 50_000;

/** The range of ids of the e-mails that were created in a time span. `to` null: until now. */
export const emailsBetween = (on: Queryable, from: Date, to: Date | null): Promise<IdRange> =>
  idsBetween(on, { table: "emails", time: "created_at" }, from, to);

/** Counts e-mails by status and reason: the newest 50,000 of the range. */
export async function countEmails(on: Queryable, { from, to }: IdRange): Promise<EmailCounts> {
  const counts = await rows<EmailCounts["counts"][number]>(
    on,
    sql`select status, reason, count(*)::int as count
        from (select status, reason from emails where id >= ${from} and id < ${to} order by id desc limit ${MOST_READ + 1}) m
        group by status, reason order by count desc, status, reason`,
  );
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  return { counts, total, isPartial: total > MOST_READ };
}

/**
 * Lists the e-mails of a range, newest first. At most 50,000 are searched for those that pass the filter; if
 * they are not enough for a page, it is short, and the next one continues.
 *
 * @param options.before only e-mails with lower ids.
 */
export async function listEmails(
  on: Queryable,
  range: IdRange,
  { status, reason }: EmailFilter,
  { before, limit }: { readonly before?: string | undefined; readonly limit: number },
): Promise<{ readonly lines: readonly EmailLine[]; readonly before: string | null }> {
  const to = before ?? range.to;
  const found = await rows<
    Omit<EmailLine, "createdAt" | "sentAt"> & { createdAt: string; sentAt: string | null }
  >(
    on,
    sql`select m.id, m.user_id as "userId", m.delivery_id as "deliveryId", d.event_id as "eventId", d.event_type as "eventType",
               g.kind as digest, m.status, m.reason, m.variant, m.created_at as "createdAt", m.sent_at as "sentAt", b.trace
        from (
          select * from (
            select * from emails where id >= ${range.from} and id < ${to} order by id desc limit ${MOST_READ}) m
          where (${status ?? null}::text is null or m.status = ${status ?? null})
            and (${reason ?? null}::text is null or m.reason = ${reason ?? null})
          order by m.id desc limit ${limit}) m
        left join deliveries d on d.id = m.delivery_id left join email_digests g on g.id = m.digest_id
        left join email_batches b on b.id = m.batch_id
        order by m.id desc`,
  );
  const lines = found.map(({ createdAt, sentAt, ...line }) => ({
    ...line,
    createdAt: new Date(createdAt),
    sentAt: sentAt === null ? null : new Date(sentAt),
  }));
  if (lines.length === limit) return { lines, before: lines.at(-1)?.id ?? null };
  const [next] = await rows<{ id: string }>(
    on,
    sql`select id from emails where id >= ${range.from} and id < ${to} order by id desc limit 1 offset ${MOST_READ - 1}`,
  );
  return { lines, before: next?.id ?? null };
}
