import { sql } from "drizzle-orm";
import type { budgetPeriods } from "../db/schema/budgets.ts";
import { type Queryable, rows } from "../db/statement.ts";
import type { EligibleCandidate } from "../rewards/budget-facts.ts";
import { BUDGET_RULE_VERSION } from "../rewards/record-budget.ts";
import { formatAmount } from "../scoring/money.ts";
import { type BudgetDecision, decideBudget } from "../scoring/rewards/budget.ts";
import { BUDGET_RULES } from "../scoring/rewards/budget-shares.ts";
import { type Explanation, hundredths, mismatches, rowOf, type Step, step } from "./explanation.ts";

type PeriodRow = {
  type: (typeof budgetPeriods.$inferSelect)["periodType"];
  start: string;
  granted: string;
  carried: string;
  pool: string;
  paid: string;
  leftover: string;
  eligible: number;
  ruleVersion: number;
  tooFew: number;
};

type AwardRow = Omit<EligibleCandidate, "xpTimesLevel" | "lastApprovalAt"> & {
  rank: number | null;
  amount: string;
  reason: string | null;
  score: string;
  xpTimesLevel: string;
  lastApprovalAt: string;
  booked: string | null;
};

const ID = /^([1-9]\d{0,17})(?::([1-9]\d{0,17}))?$/;

/** Explains a budget period, `<periodId>`, or the award of one profile, `<periodId>:<profileId>`. */
export async function explainAward(on: Queryable, id: string): Promise<Explanation | undefined> {
  const [, periodId, profileId] = ID.exec(id) ?? [];
  if (periodId === undefined) return undefined;
  const period = await readPeriod(on, periodId);
  if (!period) return undefined;
  const awards = await readAwards(on, periodId);
  const own = awards.find((award) => award.profileId === profileId);
  if (profileId !== undefined && !own) return explainTooFew(on, id, period, { periodId, profileId });
  const candidates = awards.map((award) => ({
    ...award,
    xpTimesLevel: Number(award.xpTimesLevel),
    lastApprovalAt: new Date(award.lastApprovalAt),
  }));
  const decision = decideBudget({ periodType: period.type, poolMicro: BigInt(period.pool), candidates });
  const faults = [
    ...faultsOfPeriod(period, decision),
    ...awards.flatMap((award) => faultsOfAward(award, decision)),
  ];
  return {
    kind: "award",
    id,
    title: `${period.type} budget from ${period.start}${own ? `, profile ${rowOf("volunteer_profiles", own.profileId)}` : ""}`,
    agrees: faults.length === 0,
    faults: own ? faultsFor(own, period, decision, faults) : faults,
    steps: [...stepsOfPeriod(period, decision), ...(own ? stepsOfAward(own, decision) : [])],
    ownerUserId: own?.userId ?? null,
  };
}

/**
 * Explains why a profile without an award was not eligible. Nothing is stored about it, so its tasks are
 * counted now; if there are enough by now, that is reported as a difference, since a paid period is final.
 */
async function explainTooFew(
  on: Queryable,
  id: string,
  { type, start }: PeriodRow,
  { periodId, profileId }: { periodId: string; profileId: string },
): Promise<Explanation | undefined> {
  const [found] = await rows<{ userId: string; approved: number }>(
    on,
    sql`select p.user_id as "userId",
               (select count(*)::int from task_assignments t where t.assignee_id = p.id and t.status = 'approved'
                  and t.reviewed_at >= b.start_at and t.reviewed_at < b.end_at) as approved
        from budget_periods b join volunteer_profiles p on p.organization_id = b.organization_id
        where b.id = ${periodId} and p.id = ${profileId}`,
  );
  if (!found) return undefined;
  const needed = BUDGET_RULES.minimumApproved[type];
  const enough = found.approved >= needed;
  return {
    kind: "award",
    id,
    title: `${type} budget from ${start}, profile ${rowOf("volunteer_profiles", profileId)}`,
    agrees: !enough,
    faults: enough ? [`approved: ${found.approved} now, fewer than ${needed} when the period was paid`] : [],
    steps: [
      step("eligible", `${found.approved} tasks approved in the period; at least ${needed} needed`),
      step("award", "none: too-few-approved"),
    ],
    ownerUserId: found.userId,
  };
}

/** The differences as the owner of one award may see them: those of other awards are not identified. */
function faultsFor(
  own: AwardRow,
  period: PeriodRow,
  decision: BudgetDecision,
  all: readonly string[],
): string[] {
  const theirs = [...faultsOfPeriod(period, decision), ...faultsOfAward(own, decision)];
  const others =
    all.length > theirs.length ? ["another award of this period differs from its recomputed value"] : [];
  return [...theirs, ...others];
}

async function readPeriod(on: Queryable, periodId: string): Promise<PeriodRow | undefined> {
  const [row] = await rows<PeriodRow>(
    on,
    sql`select period_type as type, period_start::text as start, granted_micro::text as granted, carried_micro::text as carried,
               pool_micro::text as pool, paid_micro::text as paid, leftover_micro::text as leftover, eligible,
               (inputs->>'ruleVersion')::int as "ruleVersion",
               coalesce((inputs->'unpaid'->>'too-few-approved')::int, 0) as "tooFew"
        from budget_periods where id = ${periodId}`,
  );
  return row;
}

const readAwards = (on: Queryable, periodId: string): Promise<AwardRow[]> =>
  rows<AwardRow>(
    on,
    sql`select a.profile_id as "profileId", p.user_id as "userId", a.rank, a.amount_micro::text as amount, a.reason,
               a.score_hundredths::text as score, a.approved, a.last_approval_at as "lastApprovalAt",
               a.xp_times_level::text as "xpTimesLevel", a.multiplier_hundredths as "multiplierHundredths",
               a.active_direct_referrals as "activeDirectReferrals", a.rejected, a.overdue,
               (select e.amount_micro::text from ledger_transactions t
                join ledger_accounts c on c.profile_id = a.profile_id
                join ledger_entries e on e.transaction_id = t.id and e.account_id = c.id
                where t.kind = 'budget' and t.source = 'budget_period' and t.external_id = a.period_id::text) as booked
        from budget_awards a join volunteer_profiles p on p.id = a.profile_id
        where a.period_id = ${periodId} order by a.rank nulls last, a.profile_id`,
  );

const tokens = (micro: bigint | string): string => formatAmount(BigInt(micro));

const faultsOfPeriod = (period: PeriodRow, decision: BudgetDecision): string[] =>
  mismatches([
    ["rules", period.ruleVersion, BUDGET_RULE_VERSION],
    ["granted + carried", tokens(period.pool), tokens(BigInt(period.granted) + BigInt(period.carried))],
    ["paid", tokens(period.paid), tokens(decision.paidMicro)],
    ["leftover", tokens(period.leftover), tokens(decision.leftoverMicro)],
    ["eligible", period.eligible, decision.eligibleCount],
  ]);

function outcomeOf({ profileId }: AwardRow, decision: BudgetDecision) {
  const winner = decision.winners.find((candidate) => candidate.profileId === profileId);
  const unpaid = decision.unpaid.find((candidate) => candidate.profileId === profileId);
  return { winner, unpaid, scoreHundredths: (winner ?? unpaid)?.scoreHundredths ?? 0 };
}

function faultsOfAward(award: AwardRow, decision: BudgetDecision): string[] {
  const { winner, unpaid, scoreHundredths } = outcomeOf(award, decision);
  const amount = tokens(winner?.amountMicro ?? 0n);
  const profile = rowOf("volunteer_profiles", award.profileId);
  return mismatches([
    [`score of ${profile}`, hundredths(BigInt(award.score)), hundredths(scoreHundredths)],
    [`rank of ${profile}`, award.rank, winner?.rank],
    [`award of ${profile}`, tokens(award.amount), amount],
    [`reason of ${profile}`, award.reason, unpaid?.reason],
    [`ledger of ${profile}`, tokens(award.booked ?? 0n.toString()), amount],
  ]);
}

function stepsOfPeriod(period: PeriodRow, decision: BudgetDecision): Step[] {
  return [
    step(
      "pool",
      `${tokens(period.granted)} granted + ${tokens(period.carried)} carried = ${tokens(period.pool)}`,
    ),
    step(
      "eligible",
      `${decision.eligibleCount} had at least ${BUDGET_RULES.minimumApproved[period.type]} tasks approved, ${period.tooFew} had fewer; ${decision.winners.length} were ranked`,
    ),
    step(
      "paid",
      `${tokens(decision.paidMicro)} to ${decision.awards.length} profiles, ${tokens(decision.leftoverMicro)} left over`,
    ),
  ];
}

function stepsOfAward(award: AwardRow, decision: BudgetDecision): Step[] {
  const { winner, unpaid, scoreHundredths } = outcomeOf(award, decision);
  const xp = Number(award.xpTimesLevel) / 10;
  const score = step(
    "score",
    `${xp.toFixed(1)} xp x ${hundredths(award.multiplierHundredths)} + 5 x ${award.activeDirectReferrals} referrals` +
      ` - 2 x ${award.rejected} rejected - ${award.overdue} overdue, at least 0 = ${hundredths(scoreHundredths)}`,
  );
  if (!winner) return [score, step("award", `none: ${unpaid?.reason ?? "unknown"}`)];
  const percent = (Number((winner.weight * 1_000_000n) / decision.weightSum) / 10_000).toFixed(2);
  return [
    score,
    step(
      "rank",
      `${winner.rank} of ${decision.winners.length}, by score, then earliest last approval, then lowest id`,
    ),
    step("share", `${winner.weight} of ${decision.weightSum} = ${percent} %`),
    step(
      "award",
      `${tokens(winner.amountMicro)}${unpaid ? `: ${unpaid.reason}` : ", rounded to 0.01 by largest remainder"}`,
    ),
  ];
}
