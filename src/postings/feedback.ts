import { sql } from "drizzle-orm";
import type { jobApplications } from "../db/schema/recommendations.ts";
import { array, type Queryable, rows } from "../db/statement.ts";

/** The status of a posting for a user. */
export type ApplicationStatus = (typeof jobApplications.$inferSelect)["status"];
/** The reasons for dismissing a posting. */
export type DismissReason = NonNullable<(typeof jobApplications.$inferSelect)["dismissReason"]>;

/** Feedback of a user about a posting. */
export type GivenFeedback =
  | { readonly status: Extract<ApplicationStatus, "saved" | "applied"> }
  | { readonly status: "dismissed"; readonly reason: DismissReason | null };

/**
 * Records feedback, idempotently. It replaces an earlier save, dismissal or hiding; an application in
 * progress or decided stays. Saving again restarts the ten days.
 *
 * @returns the status of the posting for the user; null if it is gone.
 */
export async function recordFeedback(
  on: Queryable,
  { userId, postingId }: { readonly userId: string; readonly postingId: string },
  given: GivenFeedback,
  now: Date,
): Promise<ApplicationStatus | null> {
  const isDismissal = given.status === "dismissed";
  const [row] = await rows<{ status: ApplicationStatus }>(
    on,
    sql`with recorded as (
          insert into job_applications as a (user_id, job_id, status, dismiss_reason, dismissed_at, saved_at)
          select ${userId}::bigint, j.id, ${given.status}, ${isDismissal ? given.reason : null}::text,
                 ${isDismissal ? now : null}::timestamptz, ${now}::timestamptz
          from jobs j where j.id = ${postingId}::bigint for key share of j
          on conflict (user_id, job_id) do update set
            status = excluded.status, dismiss_reason = excluded.dismiss_reason, dismissed_at = excluded.dismissed_at,
            saved_at = case when excluded.status = 'saved' then excluded.saved_at else a.saved_at end
          where a.status in ('saved', 'dismissed', 'hidden')
          returning status)
        select status from recorded
        union all
        select status from job_applications
        where user_id = ${userId}::bigint and job_id = ${postingId}::bigint and not exists (select 1 from recorded)`,
  );
  return row?.status ?? null;
}

/**
 * Deletes the reasons why a user dismissed postings, so that they no longer lower scores. The postings
 * themselves stay dismissed.
 *
 * @returns how many dismissals had a reason.
 */
export async function forgetDismissals(on: Queryable, userId: string): Promise<number> {
  const forgotten = await on.execute(
    sql`update job_applications set dismiss_reason = null where user_id = ${userId} and dismiss_reason is not null`,
  );
  return forgotten.rowCount ?? 0;
}

/** The feedback of a user about postings, by id; if there is none, the latest feedback about a copy. */
export async function readStatuses(
  on: Queryable,
  userId: string,
  postingIds: readonly string[],
): Promise<ReadonlyMap<string, ApplicationStatus>> {
  const found = await rows<{ id: string; status: ApplicationStatus }>(
    on,
    sql`select distinct on (j.id) j.id, a.status
        from job_applications a join jobs c on c.id = a.job_id
        join jobs j on coalesce(j.cluster, j.id) = coalesce(c.cluster, c.id)
        where a.user_id = ${userId} and j.id = any(${array(postingIds)}::bigint[])
        order by j.id, c.id = j.id desc, a.updated_at desc`,
  );
  return new Map(found.map(({ id, status }) => [id, status]));
}
