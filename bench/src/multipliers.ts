import { setTimeout as delay } from "node:timers/promises";
import { sql } from "drizzle-orm";
import type { Clock } from "../../src/clock.ts";
import { rows } from "../../src/db/statement.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { followRun, startRun } from "../../src/queues/manual-runs.ts";
import type { Runtime } from "../../src/roles/runtime.ts";
import { decideMultiplier } from "../../src/scoring/rewards/multiplier.ts";
import { recalculateMultipliers } from "../../src/workers/multipliers/recalculate-multipliers.ts";
import { type Bench, type BenchContext, compare, type Figure, LARGE_POSTGRES } from "./bench.ts";
import { besideWorkers } from "./beside-workers.ts";
import { makeTemplate, type Scratch, withClone } from "./database.ts";
import { loadVolunteers } from "./volunteers.ts";

const VOLUNTEERS = 1_000_000;
const ASSIGNMENTS = 10_000_000;
const ORGANIZATIONS = 100;
const AT = "2026-03-02T02:00:00Z";
const HOUR_LATER = "2026-03-02T03:00:00Z";
const TWO_HOURS_LATER = "2026-03-02T04:00:00Z";
const DAY_LATER = "2026-03-03T02:00:00Z";
/** The baseline is measured on this many profiles and extrapolated. */
const SAMPLE = 1_000;

/** From enqueue to the end of the run, through Redis and the workers of one process. */
export const multipliers: Bench = {
  name: "multipliers",
  postgres: LARGE_POSTGRES,
  describe: ({ scale }) =>
    `${VOLUNTEERS * scale} volunteers with ${ASSIGNMENTS * scale} assignments over a year. ours: recalculate-multipliers in ranges, one process; all rows change in ` +
    `the first run, nothing but the last hour in the second and third, a day in the fourth. baseline: a loop over profiles, as in the earlier system, on ${SAMPLE} of them.`,
  async run(context) {
    const volunteers = Math.round(VOLUNTEERS * context.scale);
    context.say("loading");
    const template = await makeTemplate(context.databaseUrl, (scratch) =>
      loadVolunteers(scratch, {
        organizations: Math.min(ORGANIZATIONS, volunteers),
        volunteers,
        assignments: Math.round(ASSIGNMENTS * context.scale),
        at: AT,
        days: 365,
        lately: 2,
      }),
    );
    await context.loaded();
    await compare(context, {
      baseline: () => withClone(context, template, (scratch) => loop(scratch, volunteers)),
      ours: () => withClone(context, template, (scratch) => ours(context, scratch, volunteers)),
    });
  },
};

const seconds = (figure: string, startedAt: number): Figure => ({
  figure,
  unit: "s",
  value: (performance.now() - startedAt) / 1_000,
});

type MovableClock = Clock & { at: string };

function ours(context: BenchContext, scratch: Scratch, volunteers: number): Promise<readonly Figure[]> {
  const clock: MovableClock = { at: AT, now: () => new Date(clock.at) };
  return besideWorkers(context, scratch, { queue: "multipliers", clock }, (runtime) =>
    measureRuns(context, runtime, scratch, { volunteers, clock }),
  );
}

async function measureRuns(
  context: BenchContext,
  runtime: Runtime,
  scratch: Scratch,
  { volunteers, clock }: { readonly volunteers: number; readonly clock: MovableClock },
): Promise<readonly Figure[]> {
  // Let the relay write its marker keys while the queues are empty.
  await delay(1_000);
  const timed = async (figure: string, at: string, full: boolean) => {
    clock.at = at;
    const startedAt = performance.now();
    const id = await runtime.relay.transact((tx) => startRun(tx, recalculateMultipliers, { full }));
    const run = await followRun(runtime.db, id, () => undefined, AbortSignal.timeout(20 * 60_000));
    const took = seconds(figure, startedAt);
    if (run.status !== "done") throw new Error(`${figure}: the run is ${run.status}: ${run.error}`);
    // As autovacuum does between two nights.
    await scratch.sql("vacuum analyze volunteer_profiles, multiplier_history, multiplier_marks");
    context.say(`${figure}: ${run.counts["calculated"]} calculated, ${run.counts["moved"]} moved`);
    return { took, moved: run.counts["moved"] ?? 0 };
  };
  const all = await timed("all rows change", AT, false);
  if (all.moved !== volunteers) throw new Error(`${all.moved} of ${volunteers} have moved`);
  const nothing = await timed("nothing changes", HOUR_LATER, false);
  const nothingFull = await timed("nothing changes, --full", TWO_HOURS_LATER, true);
  const day = await timed("a day of changes", DAY_LATER, false);
  return [all.took, nothing.took, nothingFull.took, day.took];
}

const DAY_MS = 24 * 3_600_000;

/** Queries for each profile and each of its referrals, and a transaction per profile. */
async function loop(scratch: Scratch, volunteers: number): Promise<readonly Figure[]> {
  const sample = Math.min(SAMPLE, volunteers);
  const slot = new Date(AT);
  const start = new Date(slot.getTime() - 30 * DAY_MS);
  const step = Math.floor(volunteers / sample);
  const startedAt = performance.now();
  for (let n = 0; n < sample; n++) {
    await inTransaction(scratch.db, async (tx) => {
      const id = String(1 + n * step);
      const [profile] = await rows<{ level: number; previous: number }>(
        tx,
        sql`select level, (activity_multiplier * 100)::int as previous from volunteer_profiles where id = ${id} for no key update`,
      );
      const [approved] = await rows<{ n: number }>(
        tx,
        sql`select count(*)::int as n from task_assignments
            where assignee_id = ${id} and status = 'approved' and reviewed_at >= ${start} and reviewed_at < ${slot}`,
      );
      const [last] = await rows<{ at: string | null }>(
        tx,
        sql`select max(activity_at) as at from task_assignments where assignee_id = ${id} and activity_at < ${slot}`,
      );
      const referrals = await rows<{ id: string }>(
        tx,
        sql`select id from volunteer_profiles where referrer_id = ${id}`,
      );
      let active = 0;
      for (const referral of referrals) {
        const [seen] = await rows(
          tx,
          sql`select 1 from task_assignments
              where assignee_id = ${referral.id} and activity_at >= ${start} and activity_at < ${slot} limit 1`,
        );
        if (seen) active += 1;
      }
      const decision = decideMultiplier({
        level: profile?.level ?? 1,
        approvedIn30Days: approved?.n ?? 0,
        activeDirectReferrals: active,
        daysSinceLastActivity: last?.at ? Math.floor((slot.getTime() - Date.parse(last.at)) / DAY_MS) : null,
        previousHundredths: profile?.previous ?? 100,
      });
      const { components: c } = decision;
      await tx.execute(
        sql`update volunteer_profiles set activity_multiplier = ${decision.multiplierHundredths / 100}, multiplier_calculated_at = ${slot} where id = ${id}`,
      );
      await tx.execute(
        sql`insert into multiplier_history values (${id}, ${slot}, ${decision.previousHundredths}, ${decision.multiplierHundredths}, ${profile?.level ?? 1},
              ${approved?.n ?? 0}, ${active}, null, 300, ${c.baseHundredths}, ${c.activityHundredths}, ${c.referralHundredths}, ${c.decayMillionths})`,
      );
    });
  }
  const { value } = seconds("", startedAt);
  return [{ figure: "all rows change", unit: "s", value: (value / sample) * volunteers }];
}
