import { type Person, volunteer } from "./factories.ts";
import { approve, template } from "./tasks.ts";
import type { World } from "./world.ts";

export type PaidPeriod = {
  id: string;
  type: string;
  start: string;
  granted: string;
  carried: string;
  pool: string;
  paid: string;
  leftover: string;
  eligible: number;
  outOfTurn: boolean;
  inputs: { unpaid: Record<string, number>; winners: number };
};

/** Periods in order of payment; amounts in millionths. */
export const periodsOf = (world: World, organizationId: string): Promise<PaidPeriod[]> =>
  world.query<PaidPeriod>(
    `select id, period_type as type, period_start::text as start, granted_micro::text as granted, carried_micro::text as carried,
            pool_micro::text as pool, paid_micro::text as paid, leftover_micro::text as leftover, eligible,
            out_of_turn as "outOfTurn", inputs
     from budget_periods where organization_id = $1 order by id`,
    [organizationId],
  );

export type Award = {
  profileId: string;
  rank: number | null;
  amount: string;
  reason: string | null;
  score: string;
  multiplier: number;
  rejected: number;
  overdue: number;
  referrals: number;
  approved: number;
};

/** The award of each candidate of a period, best first. */
export const awardsOf = (world: World, periodId: string): Promise<Award[]> =>
  world.query<Award>(
    `select profile_id::text as "profileId", rank, amount_micro::text as amount, reason, score_hundredths::text as score,
            multiplier_hundredths as multiplier, rejected, overdue, active_direct_referrals as referrals, approved
     from budget_awards where period_id = $1 order by rank nulls last, profile_id`,
    [periodId],
  );

/** A volunteer with `count` assignments approved at `at`, worth `points` of the performance score. */
export async function worker(
  world: World,
  organizationId: string,
  work: { points: number; at: string; count?: number; referrer?: Person },
): Promise<Person> {
  const person = await volunteer(world, {
    organizationId,
    ...(work.referrer ? { referrer: work.referrer } : {}),
  });
  const count = work.count ?? 1;
  const whole = await template(world, { xpReward: work.points * 10 });
  const nothing = await template(world, { xpReward: 0 });
  await approve(world, person, 1, work.at, whole);
  if (count > 1) await approve(world, person, count - 1, work.at, nothing);
  return person;
}

/** Tokens in millionths, as text. */
export const micro = (tokens: number): string => String(BigInt(Math.round(tokens * 1_000_000)));
