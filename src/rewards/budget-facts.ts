import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { BudgetCandidate } from "../scoring/rewards/budget.ts";
import { BUDGET_RULES } from "../scoring/rewards/budget-shares.ts";
import { MAX_XP_TIMES_LEVEL } from "../scoring/rewards/performance.ts";
import type { BudgetPeriod } from "./budget-periods.ts";
import { currentHundredths } from "./multiplier-sql.ts";

/** A candidate, and the person behind the profile. */
export type EligibleCandidate = BudgetCandidate & { readonly userId: string };

export type BudgetCandidates = {
  /** Those with enough approved assignments. */
  readonly eligible: readonly EligibleCandidate[];
  /** How many had approved assignments, but too few. */
  readonly tooFew: number;
};

/**
 * An unsubmitted assignment is overdue 7 times 24 hours after it was assigned, as of the end of the period.
 */
const OVERDUE_AFTER_MS = 7 * 24 * 3_600_000;

type CandidateRow = {
  tooFew: number;
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
 * The volunteers of an organization who are eligible for a period, with the components of their scores, in
 * one statement. Those with too few approved assignments are only counted.
 *
 * The multiplier is the one in effect just before the period ended: the latest of the history before that
 * instant, else the one that the first later change replaced, else the current one. An assignment that was
 * reviewed but never submitted counts as submitted. (Scalar subqueries are executed per row; `exists` below
 * an `or` may read the whole table.)
 */
export async function readBudgetCandidates(
  tx: Tx,
  organizationId: string,
  period: BudgetPeriod,
): Promise<BudgetCandidates> {
  const start = sql`${period.startAt}::timestamptz`;
  const end = sql`${period.endAt}::timestamptz`;
  const minimum = BUDGET_RULES.minimumApproved[period.type];
  const overdue = sql`${new Date(period.endAt.getTime() - OVERDUE_AFTER_MS)}::timestamptz`;
  // The statement takes a few milliseconds, less than starting parallel workers.
  await tx.execute(sql`set local max_parallel_workers_per_gather = 0`);
  const found = await rows<CandidateRow>(
    tx,
    sql`with volunteered as materialized (
          select p.id, p.user_id, ${currentHundredths} as multiplier,
                 count(*) filter (where t.status = 'approved')::int as approved,
                 count(*) filter (where t.status = 'rejected')::int as rejected,
                 least(sum(m.xp_reward::bigint * m.level_required) filter (where t.status = 'approved'), ${MAX_XP_TIMES_LEVEL}::bigint) as xp,
                 max(t.reviewed_at) filter (where t.status = 'approved') as last
          from volunteer_profiles p
          join task_assignments t on t.assignee_id = p.id and t.status in ('approved', 'rejected')
                                 and t.reviewed_at >= ${start} and t.reviewed_at < ${end}
          join task_templates m on m.id = t.template_id
          where p.organization_id = ${organizationId}
          group by p.id)
        (select p.id as "profileId", p.user_id as "userId", p.approved, p.xp as "xpTimesLevel", p.last as "lastApprovalAt",
               coalesce(
                 (select h.multiplier_hundredths from multiplier_history h
                  where h.profile_id = p.id and h.calculated_at < ${end} order by h.calculated_at desc limit 1),
                 (select h.previous_hundredths from multiplier_history h
                  where h.profile_id = p.id and h.calculated_at >= ${end} order by h.calculated_at limit 1),
                 p.multiplier) as "multiplierHundredths",
               (select count(*)::int from volunteer_profiles r
                where r.referrer_id = p.id and coalesce(
                  (select true from task_assignments t
                   where t.assignee_id = r.id and t.activity_at >= ${start} and t.activity_at < ${end} limit 1),
                  (select true from task_assignments t
                   where t.assignee_id = r.id and t.activity_at >= ${end}
                     and ((t.submitted_at >= ${start} and t.submitted_at < ${end})
                          or (t.status = 'approved' and t.reviewed_at >= ${start} and t.reviewed_at < ${end})) limit 1)
                )) as "activeDirectReferrals",
               p.rejected,
               (select count(*)::int from task_assignments t
                where t.assignee_id = p.id and t.submitted_at is null and t.assigned_at < ${overdue}
                  and (t.reviewed_at is null or t.reviewed_at >= ${end}))
               + (select count(*)::int from task_assignments t
                  where t.assignee_id = p.id and t.activity_at >= ${end} and t.submitted_at >= ${end}
                    and t.assigned_at < ${overdue}) as overdue,
               0 as "tooFew"
        from volunteered p where p.approved >= ${minimum} order by p.id)
        union all
        select null, null, null, null, null, null, null, null, null, count(*)::int from volunteered where approved between 1 and ${minimum} - 1`,
  );
  const eligible: EligibleCandidate[] = [];
  let tooFew = 0;
  for (const { tooFew: others, ...row } of found) {
    if (row.profileId === null) tooFew = others;
    else
      eligible.push({
        ...row,
        xpTimesLevel: Number(row.xpTimesLevel),
        lastApprovalAt: new Date(row.lastApprovalAt),
      });
  }
  return { eligible, tooFew };
}
