import { roundHalfUp } from "../money.ts";

/** All numbers of the activity multiplier: the SQL of recalculate-multipliers takes them from here. */
export const MULTIPLIER_WEIGHTS = {
  /** 1.0 at level 1, and 0.10 for each level above. */
  startHundredths: 100,
  perLevelHundredths: 10,
  /** Approved assignments in a group; part of a group counts nothing. */
  approvalsPerGroup: 10,
  /** What each group adds: 0.05 for groups 1 and 2, 0.03 for groups 3 to 5, 0.01 from group 6 on. */
  activitySteps: [
    { afterGroups: 0, perGroupHundredths: 5 },
    { afterGroups: 2, perGroupHundredths: 3 },
    { afterGroups: 5, perGroupHundredths: 1 },
  ],
  perReferralHundredths: 2,
  maxReferrals: 10,
  /** Without activity for longer than this, the sum is multiplied by 0.95 per 7 days, from the first day on. */
  graceDays: 7,
  decayNumerator: 19,
  decayDenominator: 20,
  decayPeriodDays: 7,
  /** From this day on the decay stays where it is: far below every floor by then. */
  decayTableDays: 365,
} as const;

/** 1 in the units of the decay table. */
export const DECAY_ONE_MILLIONTHS = 1_000_000;

/** The widest value of `numeric(5,2)`, in hundredths. */
const COLUMN_MAX_HUNDREDTHS = 99_999;

/** The largest level that an `integer` column holds. */
const INTEGER_COLUMN_MAX = 2_147_483_647;

/**
 * decay[days] = 1 up to 7 days, then 0.95^(days / 7) half up to 6 decimals, in millionths; the last entry is day 365.
 *
 * Index 0 is day 0. SQL: `(array[...])[least(days, 365) + 1]`, and 1000000 when there never was any activity.
 * Generated with whole numbers alone, so that it is the same on every machine.
 */
export const DECAY_MILLIONTHS: readonly number[] = Object.freeze(
  Array.from({ length: MULTIPLIER_WEIGHTS.decayTableDays + 1 }, (_, days) => exactDecayMillionths(days)),
);

export interface MultiplierPolicy {
  /** `VOLUNTEER_SCHEDULER_MAX_MULTIPLIER`; from 100 to 99,999. */
  readonly maxHundredths: number;
}

export const MULTIPLIER_POLICY: MultiplierPolicy = { maxHundredths: 300 };

/** Whole numbers, all as of the slot of the run; the 30 days are those before it. */
export interface MultiplierFacts {
  /** 1 or more. */
  readonly level: number;
  /** Assignments whose approval was reviewed in the 30 days. */
  readonly approvedIn30Days: number;
  /** Direct referrals with an assignment submitted or approved in the 30 days. */
  readonly activeDirectReferrals: number;
  /** Whole days since an assignment was last submitted or approved; null when none ever was. */
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
  /** "moved": by 0.01 or more, to be written. "same": nothing to write. */
  readonly kind: "moved" | "same";
  readonly multiplierHundredths: number;
  readonly previousHundredths: number;
  readonly components: MultiplierComponents;
}

/**
 * m = min(MAX, max(base, (base + activity + referral) x decay)) half up to 0.01, with base = 1.0 + 0.10 x (level - 1).
 *
 * activity grows with g = floor(approved in 30 days / 10) by 0.05 up to g = 2, 0.03 up to 5, 0.01 after;
 * referral = 0.02 x min(10, active direct referrals); decay is the table above, 1 when there was never any activity.
 * Hundredths and millionths are whole numbers, so `numeric` in SQL gives the same. MAX also caps the base.
 * Throws RangeError for facts that are not whole numbers from 0 up (level: from 1), or such a policy.
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
    baseHundredths:
      MULTIPLIER_WEIGHTS.startHundredths + MULTIPLIER_WEIGHTS.perLevelHundredths * (facts.level - 1),
    activityHundredths: activityHundredths(facts.approvedIn30Days),
    referralHundredths: referralHundredths(facts.activeDirectReferrals),
    decayMillionths: decayMillionths(facts.daysSinceLastActivity),
  };
  const { baseHundredths } = components;
  const sum = BigInt(baseHundredths + components.activityHundredths + components.referralHundredths);
  const decayed = roundHalfUp(sum * BigInt(components.decayMillionths), BigInt(DECAY_ONE_MILLIONTHS));
  // Base and MAX are whole hundredths, so rounding first changes neither comparison.
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

/** The largest k with (k - 1/2) / 10^6 <= 0.95^(days / 7), both sides raised to the 7th power to stay in whole numbers. */
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
    throw new RangeError(`${name} must be a whole number from ${min} to ${max}`);
  }
}
