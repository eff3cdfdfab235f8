import { sql } from "drizzle-orm";
import { z } from "zod";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import {
  candidatesOf,
  currentHundredths,
  decisionsFrom,
  factsOfEach,
  factsOfRange,
  instantsOf,
} from "./multiplier-sql.ts";

/** A range of profile ids, with everything that the calculation of their multipliers depends on. */
export const multiplierRange = z.object({
  from: z.string(),
  /** Exclusive. */
  to: z.string(),
  /** Null for the profiles of all organizations. */
  organizationId: z.string().nullable(),
  /** True for all profiles; false for those whose multiplier may have changed. */
  full: z.boolean(),
  maxHundredths: z.int(),
});
export type MultiplierRange = z.infer<typeof multiplierRange>;

export type MultiplierCounts = {
  /** Profiles whose multiplier was calculated. */
  readonly calculated: number;
  readonly moved: number;
};

/**
 * Calculates the multipliers of a range as of `slot` in one statement: it takes the marks, reads the facts,
 * decides, and writes those that changed by 0.01 or more together with their history. As one statement sees
 * one snapshot, a change that it does not see keeps its mark for the next run.
 *
 * The last activity, and the time from which the passing of time may lower the multiplier, are stored on the
 * profile, so that the next run finds the profiles that are due by reading them alone. Organizations and
 * profiles that were calculated as of this instant or later are skipped, so an older value never replaces a
 * newer one.
 */
export async function recalculateRange(
  tx: Tx,
  range: MultiplierRange,
  slot: Date,
): Promise<MultiplierCounts> {
  const { from, to, organizationId, full, maxHundredths } = range;
  const instants = instantsOf(slot);
  const facts = full
    ? factsOfRange(from, to, instants)
    : factsOfEach(candidatesOf(from, to, instants, maxHundredths), instants);
  const inRange = sql`p.id >= ${from}::bigint and p.id < ${to}::bigint
    and (${organizationId}::bigint is null or p.organization_id = ${organizationId}::bigint)`;
  // Compiling a statement of one second does not pay off. Without statistics the planner would compute the
  // counts of a range again for each profile (nested loop), or read whole tables per row.
  await tx.execute(
    sql`select set_config('jit', 'off', true), set_config(${full ? "enable_nestloop" : "enable_seqscan"}, 'off', true)`,
  );
  const [counts] = await rows<MultiplierCounts>(
    tx,
    sql`with scope as materialized (
          select p.id, p.level, ${currentHundredths} as previous, p.last_activity_at as noted, p.multiplier_due_at as noted_due,
                 w.through, w.max_hundredths as known_max
          from volunteer_profiles p left join multiplier_watermarks w on w.organization_id = p.organization_id
          where ${inRange} and (w.through is null or w.through < ${slot}::timestamptz)
            and (p.multiplier_calculated_at is null or p.multiplier_calculated_at < ${slot}::timestamptz)),
        taken as (
          delete from multiplier_marks m
          where m.profile_id >= ${from}::bigint and m.profile_id < ${to}::bigint and m.due_at < ${slot}::timestamptz
            and m.profile_id in (select id from scope)),
        decided as materialized (${decisionsFrom(facts, instants, maxHundredths)}),
        written as (
          update volunteer_profiles p set
            activity_multiplier = d.value / 100.0, last_activity_at = d.last_at, multiplier_due_at = d.due,
            multiplier_calculated_at = case when d.value = d.previous then p.multiplier_calculated_at else ${slot}::timestamptz end
          from decided d
          where p.id = d.id and p.id >= ${from}::bigint and p.id < ${to}::bigint
            and (d.value <> d.previous or d.last_at is distinct from d.noted or d.due is distinct from d.noted_due)),
        kept as (
          insert into multiplier_history (
            profile_id, calculated_at, previous_hundredths, multiplier_hundredths, level, approved_in_30_days, active_direct_referrals,
            days_since_last_activity, max_hundredths, base_hundredths, activity_hundredths, referral_hundredths, decay_millionths)
          select d.id, ${slot}::timestamptz, d.previous, d.value, d.level, d.approved, d.referrals,
                 d.days, ${maxHundredths}::int, d.base, d.activity, d.referral, d.decay
          from decided d where d.value <> d.previous)
        select count(*)::int as calculated, count(*) filter (where value <> previous)::int as moved from decided`,
  );
  return { calculated: counts?.calculated ?? 0, moved: counts?.moved ?? 0 };
}
