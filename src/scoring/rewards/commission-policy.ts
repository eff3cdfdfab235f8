import { MICRO_PER_TOKEN, QUANTUM_MICRO } from "../money.ts";

/** Stored with every commission. Increment it whenever a rule in this file changes. */
export const COMMISSION_RULE_VERSION = 1;

export const COMMISSION_MAX_LEVELS = 5;

/** One whole in basis points. */
export const BPS_PER_WHOLE = 10_000;

/** Limits above which a sale is held for review; a figure equal to its limit passes. */
export const COMMISSION_HOLD_LIMITS = {
  /** Other purchases of the buyer in the hour before the sale. */
  salesPerHour: 10,
  /** Multiple of the buyer's average sale over 30 days. */
  timesAverage: 10,
  /** The average to use for a buyer without a sale in the 30 days. */
  firstAverageMicro: 100n * MICRO_PER_TOKEN,
  /** Profiles in the chain that were younger than `youngProfileHours` at the time of the sale. */
  youngProfiles: 2,
  youngProfileHours: 24,
  /** Days between the sale and its receipt. */
  receiptDays: 30,
} as const;

export type CommissionHoldLimits = {
  readonly [Name in keyof typeof COMMISSION_HOLD_LIMITS]: (typeof COMMISSION_HOLD_LIMITS)[Name] extends bigint
    ? bigint
    : number;
};

export interface CommissionPolicy {
  /** Rates from level 1 on: at most 5, adding up to at most 10,000. */
  readonly ratesBps: readonly number[];
  /** At least 0.01 token. */
  readonly minimumMicro: bigint;
  readonly limits: CommissionHoldLimits;
}

export const COMMISSION_POLICY: CommissionPolicy = {
  ratesBps: [1000, 800, 600, 400, 200],
  minimumMicro: QUANTUM_MICRO,
  limits: COMMISSION_HOLD_LIMITS,
};

/**
 * A policy has at most 5 rates, whole numbers of 0 or more that add up to at most 10,000 basis points, and a
 * minimum of 0.01 or more.
 *
 * @throws RangeError for any other policy.
 */
export function assertCommissionPolicy(policy: CommissionPolicy): void {
  const { ratesBps, minimumMicro } = policy;
  if (ratesBps.length > COMMISSION_MAX_LEVELS) throw new RangeError("more than 5 commission levels");
  if (ratesBps.some((rateBps) => !Number.isInteger(rateBps) || rateBps < 0)) {
    throw new RangeError("a commission rate is not a whole number of basis points of 0 or more");
  }
  if (ratesBps.reduce((sum, rateBps) => sum + rateBps, 0) > BPS_PER_WHOLE) {
    throw new RangeError("the commission rates add up to more than the sale");
  }
  if (minimumMicro < QUANTUM_MICRO) throw new RangeError("the minimum commission is below 0.01");
}
