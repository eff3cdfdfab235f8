import { sql } from "drizzle-orm";
import { rows, type Tx } from "../db/client.ts";
import type { BudgetCandidate } from "../scoring/budget.ts";
import type { Period } from "./periods.ts";

/** A candidate, and the person behind the profile. */
export type Candidate = BudgetCandidate & { readonly userId: string };

/** An assignment is overdue that was given earlier than this before the end of the period: 7 days of 24 hours. */
const OVERDUE_AFTER_MS = 7 * 24 * 3_600_000;

type CandidateRow = {
  profileId: string;
  userId: string;
  approved: number;
  xpTimesLevel: string;
  lastApprovalAt: string;
  multiplierHundredths: number;
  activeDirectReferrals: number;
  rejected: number;
  overdue: number;
};

/**
 * Everybody of an organization who had an assignment approved in the period, with what their score is made of: one statement,
 * however many they are.
 *
 * The multiplier is the one in force just before the period ended; a profile without history then had the one that its first
 * movement replaced, or has never moved. (Scalar subqueries are looked up one by one; `exists` under an `or` may read the whole table.) An assignment that was reviewed without having been submitted counts as handed in.
 */
export async function readCandidates(tx: Tx, organizationId: string, period: Period): Promise<Candidate[]> {
  const start = sql`${period.startAt}::timestamptz`;
  const end = sql`${period.endAt}::timestamptz`;
  const overdue = sql`${new Date(period.endAt.getTime() - OVERDUE_AFTER_MS)}::timestamptz`;
  const found = await rows<CandidateRow>(
    tx,
    sql`select p.id as "profileId", p.user_id as "userId", a.approved, a.xp as "xpTimesLevel", a.last as "lastApprovalAt",
               coalesce(
                 (select h.multiplier_hundredths from multiplier_history h
                  where h.profile_id = p.id and h.calculated_at < ${end} order by h.calculated_at desc limit 1),
                 (select h.previous_hundredths from multiplier_history h
                  where h.profile_id = p.id and h.calculated_at >= ${end} order by h.calculated_at limit 1),
                 (p.activity_multiplier * 100)::int) as "multiplierHundredths",
               (select count(*)::int from volunteer_profiles r
                where r.referrer_id = p.id and coalesce(
                  (select true from task_assignments t
                   where t.assignee_id = r.id and t.activity_at >= ${start} and t.activity_at < ${end} limit 1),
                  (select true from task_assignments t
                   where t.assignee_id = r.id and t.activity_at >= ${end}
                     and ((t.submitted_at >= ${start} and t.submitted_at < ${end})
                          or (t.status = 'approved' and t.reviewed_at >= ${start} and t.reviewed_at < ${end})) limit 1)
                )) as "activeDirectReferrals",
               (select count(*)::int from task_assignments t
                where t.assignee_id = p.id and t.status = 'rejected' and t.reviewed_at >= ${start} and t.reviewed_at < ${end}) as rejected,
               (select count(*)::int from task_assignments t
                where t.assignee_id = p.id and t.submitted_at is null and t.assigned_at < ${overdue}
                  and (t.reviewed_at is null or t.reviewed_at >= ${end}))
               + (select count(*)::int from task_assignments t
                  where t.assignee_id = p.id and t.activity_at >= ${end} and t.submitted_at >= ${end}
                    and t.assigned_at < ${overdue}) as overdue
        from volunteer_profiles p
        cross join lateral (
          select count(*)::int as approved, sum(m.xp_reward::bigint * m.level_required) as xp, max(t.reviewed_at) as last
          from task_assignments t join task_templates m on m.id = t.template_id
          where t.assignee_id = p.id and t.status = 'approved' and t.reviewed_at >= ${start} and t.reviewed_at < ${end}) a
        where p.organization_id = ${organizationId} and a.approved > 0
        order by p.id`,
  );
  return found.map((row) => ({
    ...row,
    xpTimesLevel: Number(row.xpTimesLevel),
    lastApprovalAt: new Date(row.lastApprovalAt),
  }));
}
