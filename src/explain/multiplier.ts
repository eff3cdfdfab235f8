import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";
import { formatInstant } from "../format-instant.ts";
import { currentHundredths } from "../rewards/multiplier-sql.ts";
import {
  DECAY_ONE_MILLIONTHS,
  decideMultiplier,
  MULTIPLIER_WEIGHTS,
  type MultiplierDecision,
} from "../scoring/rewards/multiplier.ts";
import { type Explanation, hundredths, mismatches, rowOf, type Step, step } from "./explanation.ts";

type HistoryRow = {
  userId: string;
  calculatedAt: string | null;
  previous: number;
  multiplier: number;
  level: number;
  approved: number;
  referrals: number;
  days: number | null;
  max: number;
  base: number;
  activity: number;
  referral: number;
  decay: number;
};

const ID = /^([1-9]\d{0,17})(?:@(.+))?$/;

/**
 * Explains the current multiplier of a profile, `<profileId>`, or the one at an instant,
 * `<profileId>@<ISO 8601>`.
 */
export async function explainMultiplier(on: Queryable, id: string): Promise<Explanation | undefined> {
  const [, profileId, instant] = ID.exec(id) ?? [];
  if (profileId === undefined || (instant !== undefined && Number.isNaN(Date.parse(instant))))
    return undefined;
  const row = await readHistory(on, profileId, instant === undefined ? null : new Date(instant));
  if (!row) return undefined;
  const header = { kind: "multiplier", id, ownerUserId: row.userId } as const;
  if (row.calculatedAt === null) {
    const steps = [step("multiplier", `${hundredths(row.multiplier)}: it has never changed`)];
    return {
      ...header,
      title: `Multiplier of profile ${rowOf("volunteer_profiles", profileId)}`,
      agrees: true,
      faults: [],
      steps,
    };
  }
  const decision = decideMultiplier(
    {
      level: row.level,
      approvedIn30Days: row.approved,
      activeDirectReferrals: row.referrals,
      daysSinceLastActivity: row.days,
      previousHundredths: row.previous,
    },
    { maxHundredths: row.max },
  );
  const faults = faultsOf(row, decision);
  const title = `Multiplier of profile ${rowOf("volunteer_profiles", profileId)}, computed as of ${formatInstant(row.calculatedAt)}`;
  return { ...header, title, agrees: faults.length === 0, faults, steps: stepsOf(row, decision) };
}

/** The change in force at the instant; a profile without changes still has its initial multiplier. */
async function readHistory(
  on: Queryable,
  profileId: string,
  at: Date | null,
): Promise<HistoryRow | undefined> {
  const [row] = await rows<HistoryRow>(
    on,
    sql`select p.user_id as "userId", h.calculated_at as "calculatedAt",
               coalesce(h.previous_hundredths, 0) as previous,
               coalesce(h.multiplier_hundredths, next.previous_hundredths, ${currentHundredths}) as multiplier,
               h.level, h.approved_in_30_days as approved, h.active_direct_referrals as referrals, h.days_since_last_activity as days,
               h.max_hundredths as max, h.base_hundredths as base, h.activity_hundredths as activity,
               h.referral_hundredths as referral, h.decay_millionths as decay
        from volunteer_profiles p
        left join lateral (
          select * from multiplier_history m
          where m.profile_id = p.id and m.calculated_at <= coalesce(${at}::timestamptz, 'infinity')
          order by m.calculated_at desc limit 1) h on true
        left join lateral (
          select m.previous_hundredths from multiplier_history m
          where m.profile_id = p.id order by m.calculated_at limit 1) next on h.profile_id is null
        where p.id = ${profileId}`,
  );
  return row;
}

const faultsOf = (row: HistoryRow, { components, multiplierHundredths }: MultiplierDecision): string[] =>
  mismatches([
    ["base", hundredths(row.base), hundredths(components.baseHundredths)],
    ["activity", hundredths(row.activity), hundredths(components.activityHundredths)],
    ["referral", hundredths(row.referral), hundredths(components.referralHundredths)],
    ["decay", row.decay, components.decayMillionths],
    ["multiplier", hundredths(row.multiplier), hundredths(multiplierHundredths)],
  ]);

function stepsOf(row: HistoryRow, { components, multiplierHundredths }: MultiplierDecision): Step[] {
  const { baseHundredths, activityHundredths, referralHundredths, decayMillionths } = components;
  const decay = (decayMillionths / DECAY_ONE_MILLIONTHS).toFixed(6);
  const sum = baseHundredths + activityHundredths + referralHundredths;
  const last = row.days === null ? "no activity yet" : `last activity ${row.days} whole days before`;
  const counted =
    row.referrals >= MULTIPLIER_WEIGHTS.maxReferrals ? `${row.referrals} or more` : String(row.referrals);
  return [
    step("base", `1.00 + 0.10 x (level ${row.level} - 1) = ${hundredths(baseHundredths)}`),
    step(
      "activity",
      `${row.approved} tasks approved in the 30 days before, in groups of 10: ${hundredths(activityHundredths)}`,
    ),
    step(
      "referral",
      `${counted} direct referrals active in the 30 days before, at most 10 count: ${hundredths(referralHundredths)}`,
    ),
    step("decay", `${last}; beyond 7 days 0.95^(days / 7): ${decay}`),
    step(
      "sum x decay",
      `${hundredths(sum)} x ${decay} = ${((sum * decayMillionths) / 100 / DECAY_ONE_MILLIONTHS).toFixed(4)}`,
    ),
    step(
      "multiplier",
      `at least ${hundredths(baseHundredths)}, at most ${hundredths(row.max)}: ${hundredths(multiplierHundredths)} (previously ${hundredths(row.previous)})`,
    ),
  ];
}
