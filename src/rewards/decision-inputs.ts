import { formatAmount, MICRO_PER_TOKEN } from "../scoring/money.ts";
import type { CommissionFacts } from "../scoring/rewards/commission.ts";
import {
  COMMISSION_HOLD_LIMITS,
  COMMISSION_RULE_VERSION,
  type CommissionPolicy,
} from "../scoring/rewards/commission-policy.ts";

/**
 * The facts and rules of a decision about a sale as `token_sales.inputs` stores them, so that it can be
 * recomputed years later. The amount and the times are columns of the sale.
 */
export type DecisionInputs = {
  readonly ruleVersion: number;
  readonly ratesBps: readonly number[];
  readonly minimum: string;
  readonly history: {
    readonly salesLastHour: number;
    readonly sales30Days: number;
    readonly amount30Days: string;
  };
  /** What was refunded of the sale before the decision, in millionths; absent if nothing was. */
  readonly refunded?: string;
  readonly referredAt: string | null;
  /** Nearest referrer first. */
  readonly chain: readonly (readonly [profileId: string, userId: string, createdAt: string])[];
  /**
   * The late sales that moved the commissions into the held account or out of it, in order; absent if none.
   */
  readonly rechecks?: readonly string[];
};

/** The part of a decision's facts that is stored with the sale in columns of their own. */
type SaleColumns = Pick<CommissionFacts, "saleId" | "soldAt" | "receivedAt"> & {
  readonly amountMicro: bigint;
  readonly buyer: { readonly userId: string; readonly profileId: string } | null;
};

/** The inputs to store for a decision. */
export function inputsOf(
  facts: CommissionFacts & { readonly refundedMicro: bigint },
  policy: CommissionPolicy,
): DecisionInputs {
  return {
    ruleVersion: COMMISSION_RULE_VERSION,
    ratesBps: policy.ratesBps,
    minimum: formatAmount(policy.minimumMicro),
    history: historyInputs(facts.buyerHistory),
    ...(facts.refundedMicro > 0n ? { refunded: String(facts.refundedMicro) } : {}),
    referredAt: facts.buyer?.referredAt?.toISOString() ?? null,
    chain: facts.chain.map(({ profileId, userId, createdAt }) => [
      profileId,
      userId,
      createdAt.toISOString(),
    ]),
  };
}

export const historyInputs = (history: CommissionFacts["buyerHistory"]): DecisionInputs["history"] => ({
  salesLastHour: history.salesLastHour,
  sales30Days: history.sales30Days,
  amount30Days: formatAmount(history.amount30DaysMicro),
});

/** The facts of a stored decision. */
export function factsFrom(sale: SaleColumns, inputs: DecisionInputs): CommissionFacts {
  const { history, referredAt } = inputs;
  return {
    saleId: sale.saleId,
    amountMicro: decidedOnMicro(sale.amountMicro, inputs),
    soldAt: sale.soldAt,
    receivedAt: sale.receivedAt,
    buyer: sale.buyer && {
      ...sale.buyer,
      referredAt: referredAt === null ? null : new Date(referredAt),
    },
    chain: inputs.chain.map(([profileId, userId, createdAt]) => ({
      profileId,
      userId,
      createdAt: new Date(createdAt),
    })),
    buyerHistory: {
      salesLastHour: history.salesLastHour,
      sales30Days: history.sales30Days,
      amount30DaysMicro: microFrom(history.amount30Days),
    },
  };
}

/** The average of the buyer's sales in the 30 days before, in decimal tokens; null without any. */
export const averageOf = ({ sales30Days, amount30Days }: DecisionInputs["history"]): string | null =>
  sales30Days === 0 ? null : formatAmount(microFrom(amount30Days) / BigInt(sales30Days));

/** The part of a sale that its commissions were decided on. */
export const decidedOnMicro = (amountMicro: bigint, { refunded = "0" }: DecisionInputs): bigint =>
  amountMicro - BigInt(refunded);

/** The rates and the minimum that a stored decision was made with. */
export const policyFrom = (inputs: DecisionInputs): CommissionPolicy => ({
  ratesBps: inputs.ratesBps,
  minimumMicro: microFrom(inputs.minimum),
  limits: COMMISSION_HOLD_LIMITS,
});

/** The inverse of `formatAmount`. The parser of incoming amounts does not fit: sums may have more digits. */
function microFrom(text: string): bigint {
  const [whole = "0", decimals = ""] = text.split(".");
  return BigInt(whole) * MICRO_PER_TOKEN + BigInt(decimals.padEnd(6, "0"));
}
