import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { candidatesOf, decisionsFrom, factsOfEach, factsOfRange, instantsOf } from "./multiplier-sql.ts";

/** A stretch of profiles, and what their multipliers are worked out with. Everything that a range depends on stands in it. */
export type MultiplierRange = {
  readonly from: string;
  /** Not included. */
  readonly to: string;
  /** Null: the profiles of every organization. */
  readonly organizationId: string | null;
  /** True: all of them; false: those whose multiplier may have moved. */
  readonly full: boolean;
  readonly maxHundredths: number;
};

export type MultiplierCounts = {
  /** Profiles whose multiplier was worked out. */
  readonly calculated: number;
  readonly moved: number;
};

/**
 * Works out the multipliers of a range as of `slot` in ONE statement: takes the marks, reads the facts, decides, writes what moved by
 * 0.01 or more together with its history. One snapshot: a change that is not seen keeps its mark, and the next run sees it.
 *
 * The last activity, and when time may lower the multiplier next, are noted whenever they differ: so the next run finds who is due by
 * looking at the profile alone. An organization, or a profile, that has been worked out as of this instant, or of a later one, is left
 * alone: an older figure never replaces a newer.
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
  // A statement of a second is not worth being compiled. Where nobody has analyzed the tables yet, the counts of a range would be
  // made again for each profile (a loop over them), or whole tables be read once a row.
  await tx.execute(
    sql`select set_config('jit', 'off', true), set_config(${full ? "enable_nestloop" : "enable_seqscan"}, 'off', true)`,
  );
  const [counts] = await rows<MultiplierCounts>(
    tx,
    sql`with scope as materialized (
          select p.id, p.level, (p.activity_multiplier * 100)::int as previous, p.last_activity_at as noted, p.multiplier_due_at as noted_due,
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
