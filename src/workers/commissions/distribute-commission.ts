import { z } from "zod";
import { emit } from "../../events/event.ts";
import { commissionEarned, commissionHeld } from "../../events/rewards.ts";
import { mapInPortions } from "../../portions.ts";
import { enqueueMany } from "../../queues/enqueue.ts";
import { defineJob, RETRIES } from "../../queues/job.ts";
import { done, type Outcome, skipped } from "../../queues/outcome.ts";
import { earnedEvents, heldEvents, recordCommissions } from "../../rewards/record-commissions.ts";
import { lockSaleFacts } from "../../rewards/sale-facts.ts";
import type { EnqueueCommissions } from "../../rewards/take-sales.ts";
import { type CommissionDecision, decideCommission } from "../../scoring/rewards/commission.ts";
import { recheckCommissions } from "./recheck-commissions.ts";

/** Pays a sale's commissions to the five referrers above its buyer, exactly once. */
export const distributeCommission = defineJob({
  name: "distribute-commission",
  queue: "commissions",
  description:
    "Pays the commissions of a token sale to the buyer's referrers, or holds them for an operator.",
  payload: z.object({ saleId: z.string().regex(/^\d+$/).describe("the id of the sale in token_sales") }),
  key: ({ saleId }) => saleId,
  ...RETRIES.days,
  batch: { size: 200 },
  runBatch: async (payloads, { tx, now, settings }) => {
    const sales = await lockSaleFacts(
      tx,
      payloads.map(({ saleId }) => saleId),
    );
    const decisions = await mapInPortions(sales.facts, (facts) => ({
      facts,
      decision: decideCommission(facts, settings.commissions),
    }));
    const late = decisions.filter(({ facts, decision }) => facts.isLate && decision.kind !== "unresolved");
    await Promise.all([
      enqueueMany(
        tx,
        recheckCommissions,
        late.map(({ facts: { saleId } }) => ({ saleId })),
      ),
      emit(tx, commissionEarned, earnedEvents(decisions, now)),
      emit(tx, commissionHeld, heldEvents(decisions, now)),
      // Last, since it locks balances: transactions that pay the same people wait until this one commits.
      recordCommissions(tx, decisions, settings.commissions, now),
    ]);
    const outcomes = new Map(decisions.map(({ decision }) => [decision.saleId, outcomeOf(decision)]));
    return payloads.map(({ saleId }) => outcomes.get(saleId) ?? skipped(sales.reasonToSkip(saleId)));
  },
});

function outcomeOf(decision: CommissionDecision): Outcome {
  switch (decision.kind) {
    case "unresolved":
      return skipped("the buyer has no profile yet");
    case "none":
      return skipped(decision.reason);
    case "award":
      return done({ paid: 1, lines: decision.lines.length });
    case "hold":
      return done({ held: 1, lines: decision.lines.length });
  }
}

/** Enqueues the commissions of sales, each in the trace of its own webhook call. */
export const enqueueCommissions: EnqueueCommissions = (tx, sales) => {
  const payloads = sales.map(({ saleId }) => ({ saleId }));
  const isTraced = sales.some(({ trace }) => trace !== null);
  const traces = isTraced ? { traces: sales.map(({ trace }) => trace) } : {};
  return enqueueMany(tx, distributeCommission, payloads, traces);
};
