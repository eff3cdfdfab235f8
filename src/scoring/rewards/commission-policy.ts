import { MICRO_PER_TOKEN, QUANTUM_MICRO } from "../money.ts";

/** Kept with every commission: raise it whenever a rule of this file changes. */
export const COMMISSION_RULE_VERSION = 1;

export const COMMISSION_MAX_LEVELS = 5;

/** One whole in basis points. */
export const BPS_PER_WHOLE = 10_000;

/** When a sale is looked at by a person first. Each limit itself still passes; only above it a sale is held. */
export const COMMISSION_HOLD_LIMITS = {
  /** Other purchases of the buyer in the hour up to the sale. */
  salesPerHour: 10,
  /** The sale as a multiple of the buyer's average over 30 days. */
  timesAverage: 10,
  /** That average for a buyer who bought nothing in the 30 days. */
  firstAverageMicro: 100n * MICRO_PER_TOKEN,
  /** Profiles of the chain younger than `youngProfileHours` when the sale was made. */
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
  /** Level 1 first, at most 5, together at most 10,000. */
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
 * A policy holds at most 5 whole rates from 0 up, together at most the whole sale, and a minimum of 0.01 or more.
 *
 * Throws RangeError otherwise: the configuration is wrong and no sale may be decided with it.
 */
export function assertCommissionPolicy(policy: CommissionPolicy): void {
  const { ratesBps, minimumMicro } = policy;
  if (ratesBps.length > COMMISSION_MAX_LEVELS) throw new RangeError("there are at most 5 commission levels");
  if (ratesBps.some((rateBps) => !Number.isInteger(rateBps) || rateBps < 0)) {
    throw new RangeError("a commission rate is a whole number of basis points, 0 or more");
  }
  if (ratesBps.reduce((sum, rateBps) => sum + rateBps, 0) > BPS_PER_WHOLE) {
    throw new RangeError("the commission rates exceed the whole sale");
  }
  if (minimumMicro < QUANTUM_MICRO) throw new RangeError("the minimum commission must be at least 0.01");
}
