import { type SQL, sql } from "drizzle-orm";
import { array } from "../db/statement.ts";
import {
  COLUMN_MAX_HUNDREDTHS,
  DECAY_MILLIONTHS,
  DECAY_ONE_MILLIONTHS,
  MULTIPLIER_WEIGHTS,
} from "../scoring/rewards/multiplier.ts";

// `decideMultiplier` of src/scoring in SQL. test/rewards/multiplier-range.test.ts compares both on random
// inputs.

const WINDOW_DAYS = 30;
const DAY_MS = 24 * 3_600_000;

/** The bounds of the window of a run. Days are 24 hours, independent of the session's time zone. */
export type Instants = { readonly slot: Date; readonly windowStart: Date };

export const instantsOf = (slot: Date): Instants => ({
  slot,
  windowStart: new Date(slot.getTime() - WINDOW_DAYS * DAY_MS),
});

const at = (instant: Date): SQL => sql`${instant}::timestamptz`;

/**
 * SQL: the stored multiplier of profile `p` in hundredths. The column takes NaN and negative numbers as well,
 * which only the host can have written: these count as the initial multiplier.
 */
export const currentHundredths = sql`(case when p.activity_multiplier * 100 between 0 and ${COLUMN_MAX_HUNDREDTHS}::int
  then p.activity_multiplier * 100 else ${MULTIPLIER_WEIGHTS.startHundredths}::int end)::int`;

/** base, from `level`. */
const BASE = sql`least(${COLUMN_MAX_HUNDREDTHS}::bigint,
  ${MULTIPLIER_WEIGHTS.startHundredths}::int + ${MULTIPLIER_WEIGHTS.perLevelHundredths}::int * (level::bigint - 1))`;

/** activity, from `approved`: each step adds its part for the groups between it and the next step. */
function activityOf(approved: SQL): SQL {
  const { activitySteps, approvalsPerGroup } = MULTIPLIER_WEIGHTS;
  const groups = sql`(${approved} / ${approvalsPerGroup}::int)`;
  const parts = activitySteps.map(({ afterGroups, perGroupHundredths }, index) => {
    const next = activitySteps[index + 1];
    const upTo = next ? sql`least(${groups}, ${next.afterGroups}::int)` : groups;
    return sql`${perGroupHundredths}::int * greatest(0, ${upTo} - ${afterGroups}::int)`;
  });
  return sql.join(parts, sql` + `);
}

const REFERRAL = sql`${MULTIPLIER_WEIGHTS.perReferralHundredths}::int * least(referrals, ${MULTIPLIER_WEIGHTS.maxReferrals}::int)`;

/** decay, from `days`; least() ignores a null argument, so null is handled first. */
const DECAY = sql`case when days is null then ${DECAY_ONE_MILLIONTHS}::int
  else (${array([...DECAY_MILLIONTHS])}::int[])[least(days, ${MULTIPLIER_WEIGHTS.decayTableDays}::int) + 1] end`;

const WINDOW = sql`interval '${sql.raw(String(WINDOW_DAYS * 24))} hours'`;
const DAY = sql`interval '24 hours'`;

/**
 * SQL: the last activity, null without any. A host may have stored -infinity, from which no number of days
 * can be counted.
 */
const ACTIVE_AT = sql`case when facts.last_at is not null then greatest(facts.last_at, timestamptz '0001-01-01 00:00:00Z') end`;

/**
 * The time from which the passing of time alone may lower the multiplier; null when it is at its floor, since
 * time never raises it. The earliest of: an approval leaves the window, so that a group of ten may be lost; a
 * referral becomes inactive; the next day of decay.
 */
const DUE = sql`case when value > least(base, value) then least(
  case when approved >= ${MULTIPLIER_WEIGHTS.approvalsPerGroup}::int then oldest_approval + ${WINDOW} end,
  referrals_until + ${WINDOW},
  active_at + greatest(days, ${MULTIPLIER_WEIGHTS.graceDays}::int) * ${DAY} + ${DAY}) end`;

/**
 * Keeps the planner from inlining a subquery, so that its expressions are computed once and not at each use.
 */
const ONCE = sql`offset 0`;

/**
 * Adds the components and the resulting multiplier to the rows of `facts(id, level, previous, noted,
 * noted_due, approved, oldest_approval, referrals, referrals_until, last_at)`. Integer arithmetic: half up is
 * (2 x sum x decay + one) / (2 x one), as in `roundHalfUp`.
 */
export const decisionsFrom = (facts: SQL, { slot }: Instants, maxHundredths: number): SQL => sql`
  select valued.*, ${DUE} as due
  from (
    select components.*,
           least(${maxHundredths}::int, greatest(base, (2 * (base + activity + referral) * decay + ${DECAY_ONE_MILLIONTHS}::int) / ${2 * DECAY_ONE_MILLIONTHS}::int))::int as value
    from (
      select f.*, ${BASE} as base, ${activityOf(sql`approved`)} as activity, ${REFERRAL} as referral, ${DECAY} as decay
      from (
        select active.*, date_part('day', ${at(slot)} - active_at)::int as days
        from (select facts.*, ${ACTIVE_AT} as active_at from (${facts} ${ONCE}) facts ${ONCE}) active ${ONCE}) f ${ONCE}) components ${ONCE}) valued`;

/**
 * The facts of the profiles in [from, to) that are in `scope(id, level, previous, noted, noted_due)`, by
 * three passes over index ranges in id order.
 */
export function factsOfRange(from: string, to: string, instants: Instants): SQL {
  const { slot, windowStart } = instants;
  const inRange = (column: SQL) => sql`${column} >= ${from}::bigint and ${column} < ${to}::bigint`;
  return sql`
    select s.*, coalesce(a.n, 0) as approved, a.oldest as oldest_approval, coalesce(r.n, 0) as referrals, r.until as referrals_until,
           ${asOf(sql`l.at`, sql`s.id`, slot)} as last_at
    from scope s
    left join (
      select assignee_id as id, count(*)::int as n, min(reviewed_at) as oldest from task_assignments
      where ${inRange(sql`assignee_id`)} and status = 'approved' and reviewed_at >= ${at(windowStart)} and reviewed_at < ${at(slot)}
      group by assignee_id) a on a.id = s.id
    left join (
      select assignee_id as id, max(activity_at) as at from task_assignments
      where ${inRange(sql`assignee_id`)} and activity_at is not null
      group by assignee_id) l on l.id = s.id
    left join (
      select p.referrer_id as id, count(*)::int as n, min(latest.at) as until
      from volunteer_profiles p cross join lateral (${latestActivity(sql`p.id`)}) latest
      where ${inRange(sql`p.referrer_id`)} and ${isActive(sql`latest.at`, sql`p.id`, instants)}
      group by p.referrer_id) r on r.id = s.id`;
}

/** The same facts, looked up per profile: for the few whose multiplier may have changed. */
export function factsOfEach(candidates: SQL, instants: Instants): SQL {
  const { slot, windowStart } = instants;
  return sql`
    select s.*, a.n as approved, a.oldest as oldest_approval, r.n as referrals, r.until as referrals_until,
           ${asOf(sql`l.at`, sql`s.id`, slot)} as last_at
    from (${candidates}) s
    cross join lateral (
      select count(*)::int as n, min(t.reviewed_at) as oldest from task_assignments t
      where t.assignee_id = s.id and t.status = 'approved' and t.reviewed_at >= ${at(windowStart)} and t.reviewed_at < ${at(slot)}) a
    left join lateral (${latestActivity(sql`s.id`)}) l on true
    cross join lateral (
      select count(*)::int as n, min(counted.at) as until from (
        select latest.at from volunteer_profiles p cross join lateral (${latestActivity(sql`p.id`)}) latest
        where p.referrer_id = s.id and ${isActive(sql`latest.at`, sql`p.id`, instants)}
        limit ${MULTIPLIER_WEIGHTS.maxReferrals}::int) counted) r`;
}

const latestActivity = (profile: SQL): SQL => sql`
  select t.activity_at as at from task_assignments t
  where t.assignee_id = ${profile} and t.activity_at is not null order by t.activity_at desc limit 1`;

/**
 * The latest activity before the slot. Costs a second lookup only for profiles active after it, which a late
 * run sees.
 */
const asOf = (latest: SQL, profile: SQL, slot: Date): SQL => sql`
  case when ${latest} >= ${at(slot)} then (
    select max(greatest(case when t.submitted_at < ${at(slot)} then t.submitted_at end,
                        case when t.status = 'approved' and t.reviewed_at < ${at(slot)} then t.reviewed_at end))
    from task_assignments t where t.assignee_id = ${profile} and t.activity_at is not null)
  else ${latest} end`;

const isActive = (latest: SQL, profile: SQL, { slot, windowStart }: Instants): SQL =>
  sql`${latest} >= ${at(windowStart)} and (${asOf(latest, profile, slot)}) >= ${at(windowStart)}`;

/**
 * The rows of `scope(id, noted_due, through, known_max)` whose multiplier may have changed: those with a
 * mark, those that are due, and those never calculated with this maximum. Marks that are not due count too,
 * since their cause may have changed the time before the slot: a task approved after it may have been
 * submitted before it, or taken from another volunteer.
 */
export const candidatesOf = (from: string, to: string, { slot }: Instants, maxHundredths: number): SQL => sql`
  select s.* from scope s
  where s.through is null or s.known_max <> ${maxHundredths}::int or s.noted_due <= ${at(slot)}
     or s.id in (select m.profile_id from multiplier_marks m where m.profile_id >= ${from}::bigint and m.profile_id < ${to}::bigint)`;
