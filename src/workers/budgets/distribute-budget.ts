import { sql } from "drizzle-orm";
import { z } from "zod";
import { rows } from "../../db/statement.ts";
import type { Tx } from "../../db/transaction.ts";
import { ownIdField } from "../../ids.ts";
import { enqueue } from "../../queues/enqueue.ts";
import { defineJob, type JobContext, RETRIES, type SingleJob } from "../../queues/job.ts";
import { Cancel, done, type Outcome, skipped } from "../../queues/outcome.ts";
import { readBudgetCandidates } from "../../rewards/budget-facts.ts";
import {
  type BudgetPeriod,
  lastClosedPeriod,
  periodAfter,
  periodOfDay,
} from "../../rewards/budget-periods.ts";
import { BUDGET_PERIOD_TYPES, dueBudgets } from "../../rewards/due-budgets.ts";
import { recordBudget } from "../../rewards/record-budget.ts";
import { isTimeZone } from "../../scoring/local-time.ts";
import { formatAmount, MAX_AMOUNT_MICRO, parseAmountMicro } from "../../scoring/money.ts";
import { decideBudget } from "../../scoring/rewards/budget.ts";

const payload = z.object({
  period: z.enum(BUDGET_PERIOD_TYPES).describe("the budget"),
  organizationId: ownIdField().describe("the organization"),
  pool: z
    .string()
    .refine((text) => poolFrom(text) !== null, "must be an amount of tokens with up to 6 decimals, or 0")
    .optional()
    .describe("tokens to distribute; default: the pool of the organization, or else the configured one"),
  start: z.iso
    .date()
    .optional()
    .describe(
      "a day of the period, as YYYY-MM-DD in the organization's zone; default: the last closed period",
    ),
});

type Payload = z.output<typeof payload>;

/**
 * Pays a closed period of one organization, once, and enqueues the next unpaid one in the same transaction.
 */
export const distributeBudget: SingleJob<Payload> = defineJob<Payload>({
  name: "distribute-budget",
  queue: "budgets",
  description: "Distributes the budget of a closed period among the best volunteers of an organization.",
  payload,
  key: ({ period, organizationId, start }) => `${organizationId}:${period}:${start ?? "last"}`,
  ...RETRIES.days,
  run: async (input, context) => {
    const { tx, now, settings } = context;
    const organization = await lockOrganization(tx, input);
    if (!organization) return skipped("there is no such organization");
    const timeZone = organization.timeZone ?? settings.defaultTimeZone;
    if (!isTimeZone(timeZone)) throw new Cancel("the time zone of the organization is unknown");
    const period = input.start
      ? periodOfDay(input.period, timeZone, input.start)
      : lastClosedPeriod(input.period, timeZone, now);
    if (period.endAt > now) return skipped("the period has not closed yet");
    if (await isPaid(tx, input.organizationId, period)) return skipped("the period is already paid");
    const outOfTurn = (await oldestUnpaid(input, context))?.start !== period.start;
    const grantedMicro = poolOf(input, organization, context);
    const outcome = await pay(input, context, period, { timeZone, grantedMicro, outOfTurn });
    if (!outOfTurn && periodAfter(period, timeZone).endAt <= now) {
      const next = await oldestUnpaid(input, context);
      if (next) await enqueue(tx, distributeBudget, { ...budgetOf(input), start: next.start });
    }
    return outcome;
  },
});

const budgetOf = ({ organizationId, period }: Payload) => ({ organizationId, period });

/**
 * The oldest unpaid period. After downtime periods are paid in order, one per transaction, since each may
 * carry a leftover to the next.
 */
async function oldestUnpaid(
  { organizationId, period }: Payload,
  context: JobContext,
): Promise<BudgetPeriod | undefined> {
  const { tx, now, settings } = context;
  const { due } = await dueBudgets(tx, now, settings.defaultTimeZone, { organizationId, periodType: period });
  return due[0]?.period;
}

type Organization = { timeZone: string | null; poolMicro: string | null };

/** Serializes the payments of an organization, since each may carry a leftover to the next. */
async function lockOrganization(
  tx: Tx,
  { organizationId, period }: Payload,
): Promise<Organization | undefined> {
  const [found] = await rows<Organization>(
    tx,
    sql`select time_zone as "timeZone", ${sql.identifier(`${period}_pool_micro`)} as "poolMicro"
        from organizations where id = ${organizationId} for no key update`,
  );
  return found;
}

async function isPaid(tx: Tx, organizationId: string, { type, start }: BudgetPeriod): Promise<boolean> {
  const found = await rows(
    tx,
    sql`select 1 from budget_periods where organization_id = ${organizationId} and period_type = ${type} and period_start = ${start}`,
  );
  return found.length > 0;
}

async function pay(
  { organizationId }: Payload,
  { tx, now, settings }: JobContext,
  named: BudgetPeriod,
  given: { timeZone: string; grantedMicro: bigint; outOfTurn: boolean },
): Promise<Outcome> {
  const { carriedMicro, endOfPrevious } = await paidBefore(tx, organizationId, named);
  const period = { ...named, startAt: startAfter(endOfPrevious, named) };
  const candidates = await readBudgetCandidates(tx, organizationId, period);
  const poolMicro = given.grantedMicro + carriedMicro;
  const decision = decideBudget({ periodType: period.type, poolMicro, candidates: candidates.eligible });
  const { leftoverTo } = settings.budgets;
  const payment = { organizationId, period, carriedMicro, leftoverTo, paidAt: now, ...given };
  await recordBudget(tx, payment, candidates, decision);
  return done({ paid: 1, awards: decision.awards.length, eligible: candidates.eligible.length });
}

/**
 * After a change of time zone a period starts where the previous one ended, so that nothing counts twice and
 * nothing is left out.
 */
function startAfter(endOfPrevious: Date | null, { startAt, endAt }: BudgetPeriod): Date {
  if (endOfPrevious === null) return startAt;
  return endOfPrevious < endAt ? endOfPrevious : endAt;
}

/** The leftover that the previous payment carries to this one, and the end of the previous period. */
async function paidBefore(
  tx: Tx,
  organizationId: string,
  { type, start }: BudgetPeriod,
): Promise<{ carriedMicro: bigint; endOfPrevious: Date | null }> {
  const step = { daily: "1 day", weekly: "7 days", monthly: "1 month" }[type];
  const [before] = await rows<{ carried: string | null; end: string | null }>(
    tx,
    sql`select (select case when leftover_to = 'carry' then greatest(leftover_micro, 0) end from budget_periods
                where organization_id = ${organizationId} and period_type = ${type} order by id desc limit 1)::text as carried,
               (select end_at from budget_periods where organization_id = ${organizationId} and period_type = ${type}
                  and period_start = (${start}::date - ${step}::interval)::date) as "end"`,
  );
  return {
    carriedMicro: BigInt(before?.carried ?? 0),
    endOfPrevious: before?.end ? new Date(before.end) : null,
  };
}

function poolOf({ pool, period }: Payload, organization: Organization, { settings }: JobContext): bigint {
  if (pool !== undefined) return poolFrom(pool) as bigint;
  if (organization.poolMicro === null) return settings.budgets.poolsMicro[period];
  const poolMicro = BigInt(organization.poolMicro);
  if (poolMicro > MAX_AMOUNT_MICRO)
    throw new Cancel(`the pool of the organization is above ${formatAmount(MAX_AMOUNT_MICRO)}`);
  return poolMicro;
}

const ZERO = /^-?0+(\.0+)?$/;

/** A pool of 0 or less is allowed and pays nobody. @returns null if the text is no amount. */
function poolFrom(text: string): bigint | null {
  if (ZERO.test(text)) return 0n;
  const parsed = parseAmountMicro(text.replace(/^-/, ""));
  if (parsed.kind === "fault") return null;
  return text.startsWith("-") ? -parsed.amountMicro : parsed.amountMicro;
}
