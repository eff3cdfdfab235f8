import { setTimeout as delay } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { rows } from "../../src/db/statement.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { enqueueMany } from "../../src/queues/enqueue.ts";
import { post } from "../../src/rewards/ledger.ts";
import type { Runtime } from "../../src/roles/runtime.ts";
import { type BudgetCandidate, decideBudget } from "../../src/scoring/rewards/budget.ts";
import { distributeBudget } from "../../src/workers/budgets/distribute-budget.ts";
import { type Bench, type BenchContext, compare, type Figure, LARGE_POSTGRES } from "./bench.ts";
import { besideWorkers } from "./beside-workers.ts";
import { makeTemplate, type Scratch, withClone } from "./database.ts";
import { loadVolunteers } from "./volunteers.ts";

const ORGANIZATIONS = 1_000;
const VOLUNTEERS_EACH = 1_000;
/** With this many, a quarter of the volunteers have the ten approvals that a month requires. */
const ASSIGNMENTS_EACH = 12;
const AT = "2026-03-01T00:00:00Z";
const MONTH = { start: "2026-02-01T00:00:00Z", end: "2026-03-01T00:00:00Z" };
const POOL_MICRO = 5_000_000_000n;
/** The baseline is measured on this many organizations and extrapolated. */
const SAMPLE = 2;
/** A hang, not a slow machine. */
const LIMIT_MS = 20 * 60_000;

/** From enqueue to the last payment, through Redis and the workers of one process. */
export const budgets: Bench = {
  name: "budgets",
  postgres: LARGE_POSTGRES,
  describe: ({ scale }) =>
    `monthly budgets of ${ORGANIZATIONS * scale} organizations with ${VOLUNTEERS_EACH} volunteers and ${VOLUNTEERS_EACH * ASSIGNMENTS_EACH} assignments each. ours: distribute-budget, ` +
    `one process. baseline: a loop over profiles and a transaction per award, as in the earlier system, on ${SAMPLE} organizations.`,
  async run(context) {
    const organizations = Math.max(SAMPLE, Math.round(ORGANIZATIONS * context.scale));
    const volunteers = organizations * VOLUNTEERS_EACH;
    context.say("loading");
    const template = await makeTemplate(context.databaseUrl, (scratch) =>
      loadVolunteers(scratch, {
        organizations,
        volunteers,
        assignments: volunteers * ASSIGNMENTS_EACH,
        at: AT,
        days: 30,
        lately: 1,
      }),
    );
    await context.loaded();
    await compare(context, {
      baseline: () => withClone(context, template, (scratch) => loop(scratch, organizations)),
      ours: () => withClone(context, template, (scratch) => ours(context, scratch, organizations)),
    });
  },
};

async function ours(
  context: BenchContext,
  scratch: Scratch,
  organizations: number,
): Promise<readonly Figure[]> {
  const clock = { now: () => new Date(AT) };
  const figures = await besideWorkers(context, scratch, { queue: "budgets", clock }, (runtime) =>
    measurePayment(runtime, scratch, organizations),
  );
  await expectPaid(context, scratch, organizations);
  return figures;
}

async function measurePayment(
  runtime: Runtime,
  scratch: Scratch,
  organizations: number,
): Promise<readonly Figure[]> {
  // Let the relay write its marker keys while the queues are empty.
  await delay(1_000);
  const payloads = Array.from({ length: organizations }, (_, n) => ({
    period: "monthly" as const,
    organizationId: String(n + 1),
    start: MONTH.start.slice(0, 10),
  }));
  const startedAt = performance.now();
  await runtime.relay.transact((tx) => enqueueMany(tx, distributeBudget, payloads));
  // Awards emit events, whose entries are in a queue that is not served here.
  for (const deadline = startedAt + LIMIT_MS; await isWaiting(scratch); await delay(25))
    if (performance.now() > deadline) throw new Error("The budgets were not paid in time.");
  const value = (performance.now() - startedAt) / 1_000;
  return [{ figure: "monthly budgets paid", unit: "s", value }];
}

const isWaiting = async (scratch: Scratch): Promise<boolean> =>
  (await scratch.sql("select 1 from outbox where queue = 'budgets' and dead_at is null limit 1")).length > 0;

/** A run that left a payment out does not count. */
async function expectPaid(context: BenchContext, scratch: Scratch, organizations: number): Promise<void> {
  const [state] = await scratch.sql(
    `select count(*)::int as periods, sum(paid_micro)::text as paid, avg(eligible)::int as eligible,
            (select count(*)::int from budget_awards where amount_micro > 0) as awards,
            (select coalesce(sum(amount_micro), 0)::text from ledger_entries) as total from budget_periods`,
  );
  const { periods, paid, total, awards, eligible } = state as Record<string, number | string>;
  context.say(`${periods} periods, ${eligible} eligible on average, ${awards} awards`);
  if (periods !== organizations || paid !== String(POOL_MICRO * BigInt(organizations)) || total !== "0") {
    throw new Error(
      `not paid: ${periods} of ${organizations} periods, ${paid} paid, the ledger sums to ${total}`,
    );
  }
}

const count = async (scratch: Scratch, query: ReturnType<typeof sql>): Promise<number> =>
  (await rows<{ n: number }>(scratch.db.drizzle, query))[0]?.n ?? 0;

/** Queries for each profile and each of its referrals, and a transaction per award. */
async function loop(scratch: Scratch, organizations: number): Promise<readonly Figure[]> {
  const start = new Date(MONTH.start);
  const end = new Date(MONTH.end);
  const overdue = new Date(end.getTime() - 7 * 24 * 3_600_000);
  const startedAt = performance.now();
  for (let organization = 1; organization <= SAMPLE; organization++) {
    const profiles = await rows<{ id: string; multiplier: number }>(
      scratch.db.drizzle,
      sql`select id, (activity_multiplier * 100)::int as multiplier from volunteer_profiles where organization_id = ${organization}`,
    );
    const candidates: BudgetCandidate[] = [];
    for (const { id, multiplier } of profiles) {
      const [done] = await rows<{ n: number; xp: number; last: string | null }>(
        scratch.db.drizzle,
        sql`select count(*)::int as n, coalesce(sum(m.xp_reward * m.level_required), 0)::int as xp, max(t.reviewed_at) as last
            from task_assignments t join task_templates m on m.id = t.template_id
            where t.assignee_id = ${id} and t.status = 'approved' and t.reviewed_at >= ${start} and t.reviewed_at < ${end}`,
      );
      const referrals = await rows<{ id: string }>(
        scratch.db.drizzle,
        sql`select id from volunteer_profiles where referrer_id = ${id}`,
      );
      let active = 0;
      for (const referral of referrals) {
        active += await count(
          scratch,
          sql`select count(*)::int as n from (select 1 from task_assignments
              where assignee_id = ${referral.id} and activity_at >= ${start} and activity_at < ${end} limit 1) seen`,
        );
      }
      candidates.push({
        profileId: id,
        approved: done?.n ?? 0,
        lastApprovalAt: done?.last ? new Date(done.last) : null,
        xpTimesLevel: done?.xp ?? 0,
        multiplierHundredths: multiplier,
        activeDirectReferrals: active,
        rejected: await count(
          scratch,
          sql`select count(*)::int as n from task_assignments
              where assignee_id = ${id} and status = 'rejected' and reviewed_at >= ${start} and reviewed_at < ${end}`,
        ),
        overdue: await count(
          scratch,
          sql`select count(*)::int as n from task_assignments
              where assignee_id = ${id} and submitted_at is null and assigned_at < ${overdue}`,
        ),
      });
    }
    const { awards } = decideBudget({ periodType: "monthly", poolMicro: POOL_MICRO, candidates });
    for (const { profileId, amountMicro } of awards) {
      await inTransaction(scratch.db, (tx) =>
        post(tx, [
          {
            kind: "budget",
            source: "bench",
            externalId: profileId,
            occurredAt: end,
            legs: [
              { account: "treasury", amountMicro: -amountMicro },
              { account: { profileId }, amountMicro },
            ],
          },
        ]),
      );
    }
  }
  const value = ((performance.now() - startedAt) / 1_000 / SAMPLE) * organizations;
  return [{ figure: "monthly budgets paid", unit: "s", value }];
}
