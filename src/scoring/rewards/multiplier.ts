import { roundHalfUp } from "../money.ts";

/** The numbers of the activity multiplier. The SQL of recalculate-multipliers takes them from here. */
export const MULTIPLIER_WEIGHTS = {
  /** 1.0 at level 1, and 0.10 for each level above. */
  startHundredths: 100,
  perLevelHundredths: 10,
  /** Approved assignments in a group; an incomplete group does not count. */
  approvalsPerGroup: 10,
  /**
   * The amount that each group adds: 0.05 for groups 1 and 2, 0.03 for groups 3 to 5, 0.01 from group 6 on.
   */
  activitySteps: [
    { afterGroups: 0, perGroupHundredths: 5 },
    { afterGroups: 2, perGroupHundredths: 3 },
    { afterGroups: 5, perGroupHundredths: 1 },
  ],
  perReferralHundredths: 2,
  maxReferrals: 10,
  /**
   * After more days than this without activity, the sum is multiplied by 0.95 per 7 days, counted from the
   * first day.
   */
  graceDays: 7,
  decayNumerator: 19,
  decayDenominator: 20,
  decayPeriodDays: 7,
  /** The decay is constant from this day on: by then the base decides. */
  decayTableDays: 365,
} as const;

/** 1 in the units of the decay table. */
export const DECAY_ONE_MILLIONTHS = 1_000_000;

/** The largest value of `numeric(5,2)`, in hundredths. MAX is no larger, so a larger base counts as this. */
export const COLUMN_MAX_HUNDREDTHS = 99_999;

/** The largest value of an `integer` column. */
const INTEGER_COLUMN_MAX = 2_147_483_647;

/**
 * decay[days] = 1 up to 7 days, then 0.95^(days / 7) half up to 6 decimals, in millionths; the last entry is
 * day 365.
 *
 * Index 0 is day 0. In SQL: `(array[...])[least(days, 365) + 1]`, and 1000000 without any activity. Computed
 * in integers, so that it is the same on every machine.
 */
export const DECAY_MILLIONTHS: readonly number[] = Object.freeze(
  Array.from({ length: MULTIPLIER_WEIGHTS.decayTableDays + 1 }, (_, days) => exactDecayMillionths(days)),
);

export interface MultiplierPolicy {
  /** `VOLUNTEER_SCHEDULER_MAX_MULTIPLIER`; from 100 to 99,999. */
  readonly maxHundredths: number;
}

export const MULTIPLIER_POLICY: MultiplierPolicy = { maxHundredths: 300 };

/** Whole numbers as of the slot of the run; the 30 days end there. */
export interface MultiplierFacts {
  /** 1 or more. */
  readonly level: number;
  /** Assignments whose approval was reviewed in the 30 days. */
  readonly approvedIn30Days: number;
  /** Direct referrals with an assignment submitted or approved in the 30 days. */
  readonly activeDirectReferrals: number;
  /** Whole days since an assignment was last submitted or approved; null when none was. */
  readonly daysSinceLastActivity: number | null;
  readonly previousHundredths: number;
}

export interface MultiplierComponents {
  readonly baseHundredths: number;
  readonly activityHundredths: number;
  readonly referralHundredths: number;
  readonly decayMillionths: number;
}

export interface MultiplierDecision {
  /** "moved": it changed by 0.01 or more and has to be written. */
  readonly kind: "moved" | "same";
  readonly multiplierHundredths: number;
  readonly previousHundredths: number;
  readonly components: MultiplierComponents;
}

/**
 * m = min(MAX, max(base, (base + activity + referral) x decay)) half up to 0.01, with base = 1.0 + 0.10 x
 * (level - 1), at most 999.99.
 *
 * activity: for g = floor(approved in 30 days / 10), 0.05 for each group up to 2, 0.03 up to 5, 0.01 beyond.
 * referral = 0.02 x min(10, active direct referrals). decay is the table above, 1 without any activity. All
 * in whole hundredths and millionths, so `numeric` in SQL gives the same (docs/decisions/0022). MAX also caps
 * the base.
 *
 * @throws RangeError for a fact that is not a whole number of 0 or more (level: 1 or more), or a MAX outside
 * 1.00 to 999.99.
 */
export function decideMultiplier(
  facts: MultiplierFacts,
  policy: MultiplierPolicy = MULTIPLIER_POLICY,
): MultiplierDecision {
  assertWithin(
    "maxHundredths",
    policy.maxHundredths,
    MULTIPLIER_WEIGHTS.startHundredths,
    COLUMN_MAX_HUNDREDTHS,
  );
  assertWithin("level", facts.level, 1, INTEGER_COLUMN_MAX);
  assertWithin("previousHundredths", facts.previousHundredths, 0);
  const components: MultiplierComponents = {
    baseHundredths: Math.min(
      COLUMN_MAX_HUNDREDTHS,
      MULTIPLIER_WEIGHTS.startHundredths + MULTIPLIER_WEIGHTS.perLevelHundredths * (facts.level - 1),
    ),
    activityHundredths: activityHundredths(facts.approvedIn30Days),
    referralHundredths: referralHundredths(facts.activeDirectReferrals),
    decayMillionths: decayMillionths(facts.daysSinceLastActivity),
  };
  const { baseHundredths } = components;
  const sum = BigInt(baseHundredths + components.activityHundredths + components.referralHundredths);
  const decayed = roundHalfUp(sum * BigInt(components.decayMillionths), BigInt(DECAY_ONE_MILLIONTHS));
  // Base and MAX are whole hundredths, so rounding before comparing changes neither comparison.
  const multiplierHundredths = Math.min(policy.maxHundredths, Math.max(baseHundredths, Number(decayed)));
  const { previousHundredths } = facts;
  const kind = multiplierHundredths === previousHundredths ? "same" : "moved";
  return { kind, multiplierHundredths, previousHundredths, components };
}

function activityHundredths(approvedIn30Days: number): number {
  assertWithin("approvedIn30Days", approvedIn30Days, 0);
  const groups = Math.floor(approvedIn30Days / MULTIPLIER_WEIGHTS.approvalsPerGroup);
  return MULTIPLIER_WEIGHTS.activitySteps.reduce((sum, step, index, steps) => {
    const upTo = Math.min(groups, steps[index + 1]?.afterGroups ?? groups);
    return sum + step.perGroupHundredths * Math.max(0, upTo - step.afterGroups);
  }, 0);
}

function referralHundredths(activeDirectReferrals: number): number {
  assertWithin("activeDirectReferrals", activeDirectReferrals, 0);
  return (
    MULTIPLIER_WEIGHTS.perReferralHundredths *
    Math.min(MULTIPLIER_WEIGHTS.maxReferrals, activeDirectReferrals)
  );
}

function decayMillionths(daysSinceLastActivity: number | null): number {
  if (daysSinceLastActivity === null) return DECAY_ONE_MILLIONTHS;
  assertWithin("daysSinceLastActivity", daysSinceLastActivity, 0);
  const day = Math.min(daysSinceLastActivity, MULTIPLIER_WEIGHTS.decayTableDays);
  return DECAY_MILLIONTHS[day] ?? DECAY_ONE_MILLIONTHS;
}

/**
 * The largest k with (k - 1/2) / 10^6 <= 0.95^(days / 7), with both sides raised to the 7th power so that
 * they are integers.
 */
function exactDecayMillionths(days: number): number {
  const { graceDays, decayNumerator, decayDenominator, decayPeriodDays } = MULTIPLIER_WEIGHTS;
  if (days <= graceDays) return DECAY_ONE_MILLIONTHS;
  const period = BigInt(decayPeriodDays);
  const scaledDecay = BigInt(decayNumerator) ** BigInt(days) * BigInt(2 * DECAY_ONE_MILLIONTHS) ** period;
  const scale = BigInt(decayDenominator) ** BigInt(days);
  let reached = 0;
  let missed = DECAY_ONE_MILLIONTHS + 1;
  while (missed - reached > 1) {
    const middle = Math.floor((reached + missed) / 2);
    if (BigInt(2 * middle - 1) ** period * scale <= scaledDecay) reached = middle;
    else missed = middle;
  }
  return reached;
}

function assertWithin(name: string, value: number, min: number, max = Number.MAX_SAFE_INTEGER): void {
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    throw new RangeError(`${name} is not a whole number from ${min} to ${max}`);
  }
}
