import { sql } from "drizzle-orm";
import type { budgetPeriods } from "../db/schema/budgets.ts";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { emit } from "../events/event.ts";
import { budgetAwarded } from "../events/rewards.ts";
import { formatAmount } from "../scoring/money.ts";
import type { BudgetDecision, UnpaidReason } from "../scoring/rewards/budget.ts";
import { BUDGET_RULES } from "../scoring/rewards/budget-shares.ts";
import type { BudgetCandidates, EligibleCandidate } from "./budget-facts.ts";
import type { BudgetPeriod } from "./budget-periods.ts";
import { post } from "./ledger.ts";

/** Stored with each period. Increment it with every change of a budget rule. */
export const BUDGET_RULE_VERSION = 1;

/** The payment of a period. */
export type BudgetPayment = {
  readonly organizationId: string;
  readonly period: BudgetPeriod;
  readonly timeZone: string;
  readonly grantedMicro: bigint;
  readonly carriedMicro: bigint;
  readonly leftoverTo: (typeof budgetPeriods.$inferSelect)["leftoverTo"];
  readonly outOfTurn: boolean;
  readonly paidAt: Date;
};

/**
 * Records a payment: the period, the award of each eligible volunteer with its reason, the ledger
 * transaction, the events. A leftover stays in the treasury, so it needs no transaction.
 *
 * @returns the id of the period.
 * @throws a unique violation on `budget_periods_once` when the period is already paid.
 */
export async function recordBudget(
  tx: Tx,
  payment: BudgetPayment,
  { eligible, tooFew }: BudgetCandidates,
  decision: BudgetDecision,
): Promise<string> {
  const periodId = await insertPeriod(tx, payment, tooFew, decision);
  await insertAwards(tx, periodId, eligible, decision);
  if (decision.paidMicro > 0n) {
    const legs = decision.awards.map(({ profileId, amountMicro }) => ({
      account: { profileId },
      amountMicro,
    }));
    await post(tx, [
      {
        kind: "budget",
        source: "budget_period",
        externalId: periodId,
        occurredAt: payment.paidAt,
        legs: [{ account: "treasury", amountMicro: -decision.paidMicro }, ...legs],
      },
    ]);
  }
  await emitAwards(tx, periodId, payment, eligible, decision);
  return periodId;
}

async function insertPeriod(
  tx: Tx,
  payment: BudgetPayment,
  tooFew: number,
  decision: BudgetDecision,
): Promise<string> {
  const { period } = payment;
  const inputs = {
    ruleVersion: BUDGET_RULE_VERSION,
    minimumApproved: BUDGET_RULES.minimumApproved[period.type],
    winners: decision.winners.length,
    weightSum: String(decision.weightSum),
    unpaid: { ...(tooFew > 0 ? { "too-few-approved": tooFew } : {}), ...countReasons(decision) },
  };
  const [row] = await rows<{ id: string }>(
    tx,
    sql`insert into budget_periods (
          organization_id, period_type, period_start, start_at, end_at, time_zone, granted_micro, carried_micro, pool_micro,
          paid_micro, leftover_micro, leftover_to, eligible, out_of_turn, paid_at, inputs)
        values (
          ${payment.organizationId}, ${period.type}, ${period.start}, ${period.startAt}, ${period.endAt}, ${payment.timeZone},
          ${String(payment.grantedMicro)}, ${String(payment.carriedMicro)}, ${String(decision.poolMicro)},
          ${String(decision.paidMicro)}, ${String(decision.leftoverMicro)}, ${payment.leftoverTo}, ${decision.eligibleCount},
          ${payment.outOfTurn}, ${payment.paidAt}, ${JSON.stringify(inputs)}::jsonb)
        returning id`,
  );
  if (!row) throw new Error("could not insert the budget period");
  return row.id;
}

function countReasons({ unpaid }: BudgetDecision): Partial<Record<UnpaidReason, number>> {
  const counts: Partial<Record<UnpaidReason, number>> = {};
  for (const { reason } of unpaid) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}

async function insertAwards(
  tx: Tx,
  periodId: string,
  candidates: readonly EligibleCandidate[],
  decision: BudgetDecision,
): Promise<void> {
  if (candidates.length === 0) return;
  const winners = new Map(decision.winners.map((winner) => [winner.profileId, winner]));
  const unpaid = new Map(decision.unpaid.map((candidate) => [candidate.profileId, candidate]));
  const lines = candidates.map((candidate) => {
    const winner = winners.get(candidate.profileId);
    const nothing = unpaid.get(candidate.profileId);
    return {
      ...candidate,
      rank: winner?.rank ?? null,
      amount: String(winner?.amountMicro ?? 0n),
      reason: nothing?.reason ?? null,
      score: winner?.scoreHundredths ?? nothing?.scoreHundredths,
      last: candidate.lastApprovalAt?.toISOString(),
    };
  });
  const column = (name: keyof (typeof lines)[number]) => array(lines.map((line) => line[name]));
  await tx.execute(
    sql`insert into budget_awards (
          period_id, profile_id, rank, amount_micro, reason, score_hundredths, approved, last_approval_at, xp_times_level,
          multiplier_hundredths, active_direct_referrals, rejected, overdue)
        select ${periodId}::bigint, * from unnest(
          ${column("profileId")}::bigint[], ${column("rank")}::int[], ${column("amount")}::bigint[], ${column("reason")}::text[],
          ${column("score")}::bigint[], ${column("approved")}::int[], ${column("last")}::timestamptz[], ${column("xpTimesLevel")}::bigint[],
          ${column("multiplierHundredths")}::int[], ${column("activeDirectReferrals")}::int[], ${column("rejected")}::int[],
          ${column("overdue")}::int[])`,
  );
}

async function emitAwards(
  tx: Tx,
  periodId: string,
  { organizationId, period, paidAt }: BudgetPayment,
  candidates: readonly EligibleCandidate[],
  { awards }: BudgetDecision,
): Promise<void> {
  const userIds = new Map(candidates.map(({ profileId, userId }) => [profileId, userId]));
  const events = awards.map(({ profileId, rank, amountMicro }) => ({
    occurredAt: paidAt,
    payload: {
      user_id: userIds.get(profileId) as string,
      profile_id: profileId,
      organization_id: organizationId,
      period_id: periodId,
      period: period.type,
      period_start: period.start,
      rank,
      amount: formatAmount(amountMicro),
    },
  }));
  await emit(tx, budgetAwarded, events);
}
