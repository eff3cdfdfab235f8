import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";

/** How many files were refused for a reason, by kind. */
export type RefusalCount = {
  readonly status: "REJECTED" | "FAILED_PROCESSING";
  readonly kind: string;
  /** Why it was rejected, or why it could not be read. */
  readonly reason: string;
  readonly count: number;
};

/** A file that was rejected or could not be read. */
export type RefusedMedia = {
  /** The host's id where there is one. */
  readonly media: string;
  readonly ownerId: string;
  readonly kind: string;
  readonly status: RefusalCount["status"];
  readonly mimeType: string | null;
  readonly reasons: readonly string[];
  /** Checks that failed one after another. */
  readonly failures: number;
  readonly checkedAt: Date | null;
};

/** At most this many files are counted, the newest ones. */
const MOST_READ = 10_000;

/** The reasons of a row: those of a rejection, or the fault of a check. */
const REASONS = sql`case when m.status = 'REJECTED'
  then array(select r->>'reason' from jsonb_array_elements(case when jsonb_typeof(m.rejections) = 'array' then m.rejections end) r)
  else array[coalesce(m.fault, 'unknown')] end`;

const NEWEST = sql`select * from media where status in ('REJECTED', 'FAILED_PROCESSING') order by checked_at desc nulls last`;

/** Counts refused files by reason: the 10,000 that were checked last. A file has one or more reasons. */
export const countRefusals = (on: Queryable): Promise<RefusalCount[]> =>
  rows<RefusalCount>(
    on,
    sql`select m.status, m.kind, reason, count(*)::int as count
        from (${NEWEST} limit ${MOST_READ}) m cross join lateral unnest(${REASONS}) as reason
        group by m.status, m.kind, reason order by count desc, reason, m.kind`,
  );

/** The refused files that were checked last, of all reasons or of one. */
export async function latestRefusals(
  on: Queryable,
  { reason, limit }: { readonly reason?: string | undefined; readonly limit: number },
): Promise<RefusedMedia[]> {
  const found = await rows<Omit<RefusedMedia, "checkedAt"> & { checkedAt: string | null }>(
    on,
    sql`select coalesce(m.host_id, m.id::text) as media, m.owner_id as "ownerId", m.kind, m.status, m.mime_type as "mimeType",
               ${REASONS} as reasons, m.failures, m.checked_at as "checkedAt"
        from (${NEWEST} limit ${MOST_READ}) m
        where ${reason ?? null}::text is null or ${reason ?? null} = any(${REASONS})
        order by m.checked_at desc nulls last limit ${limit}`,
  );
  return found.map((row) => ({ ...row, checkedAt: row.checkedAt === null ? null : new Date(row.checkedAt) }));
}
