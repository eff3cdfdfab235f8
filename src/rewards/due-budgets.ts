import { sql } from "drizzle-orm";
import { budgetPeriods } from "../db/schema/budgets.ts";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { isTimeZone } from "../scoring/local-time.ts";
import type { BudgetPeriodType } from "../scoring/rewards/budget-shares.ts";
import { type BudgetPeriod, firstWholePeriod, periodAfter, periodOfDay } from "./budget-periods.ts";

export const BUDGET_PERIOD_TYPES = budgetPeriods.periodType.enumValues satisfies readonly BudgetPeriodType[];

/** A closed period to be paid. */
export type DueBudget = { readonly organizationId: string; readonly period: BudgetPeriod };

/** The budgets of one type in one organization. */
export type BudgetLine = { readonly organizationId: string; readonly periodType: BudgetPeriodType };

export type DueBudgets = {
  readonly due: readonly DueBudget[];
  /** Organizations with an unknown time zone: the bounds of their periods cannot be computed. */
  readonly unknownZone: readonly string[];
};

type Progress = {
  organizationId: string;
  timeZone: string | null;
  budgetsFrom: string;
  periodType: BudgetPeriodType;
  /** The latest period that was paid in order. */
  latest: string | null;
  /** Later ones that operators have paid ahead of older ones. */
  ahead: string[];
};

/**
 * The oldest unpaid closed period of each organization and type. Later ones have to wait for its leftover.
 *
 * The first one is the first whole period at or after `budgets_from`, then each follows the one before.
 * Periods are identified by their first local day, so a change of time zone neither repeats nor skips one.
 */
export async function dueBudgets(
  tx: Tx,
  now: Date,
  defaultZone: string,
  only?: BudgetLine,
): Promise<DueBudgets> {
  const progress = await readProgress(tx, only);
  const unknownZone = new Set<string>();
  const due = progress.flatMap((line): DueBudget[] => {
    const zone = line.timeZone ?? defaultZone;
    if (!isTimeZone(zone)) {
      unknownZone.add(line.organizationId);
      return [];
    }
    const period = oldestUnpaid(line, zone);
    return period.endAt <= now ? [{ organizationId: line.organizationId, period }] : [];
  });
  return { due, unknownZone: [...unknownZone] };
}

function oldestUnpaid({ periodType, budgetsFrom, latest, ahead }: Progress, zone: string): BudgetPeriod {
  const first = firstWholePeriod(periodType, zone, new Date(budgetsFrom));
  const next = latest === null ? first : periodAfter(periodOfDay(periodType, zone, latest), zone);
  let period = next.start > first.start ? next : first;
  const paid = new Set(ahead);
  while (paid.has(period.start)) period = periodAfter(period, zone);
  return period;
}

/** One row for each organization and type, by a few lookups in the unique index each. */
function readProgress(tx: Tx, only?: BudgetLine): Promise<Progress[]> {
  return rows<Progress>(
    tx,
    sql`select o.id as "organizationId", o.time_zone as "timeZone", o.budgets_from as "budgetsFrom",
               kinds.kind as "periodType", last_paid.start::text as latest,
               array(select b.period_start::text from budget_periods b
                     where b.organization_id = o.id and b.period_type = kinds.kind and b.out_of_turn
                       and b.period_start > coalesce(last_paid.start, '-infinity')) as ahead
        from organizations o
        cross join unnest(${array(BUDGET_PERIOD_TYPES)}::text[]) as kinds(kind)
        cross join lateral (
          select max(b.period_start) as start from budget_periods b
          where b.organization_id = o.id and b.period_type = kinds.kind and not b.out_of_turn) last_paid
        where (${only?.organizationId ?? null}::bigint is null
               or (o.id = ${only?.organizationId ?? null}::bigint and kinds.kind = ${only?.periodType ?? null}))
        order by o.id, kinds.kind`,
  );
}
