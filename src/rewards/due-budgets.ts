import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { BudgetPeriodType } from "../scoring/rewards/budget-shares.ts";
import { firstWholePeriod, isTimeZone, type Period, periodAfter, periodOfDay } from "./periods.ts";

export const PERIOD_TYPES = ["daily", "weekly", "monthly"] as const satisfies readonly BudgetPeriodType[];

/** A closed period that waits to be paid. */
export type DueBudget = { readonly organizationId: string; readonly period: Period };

/** The budgets of one type in one organization. */
export type BudgetLine = { readonly organizationId: string; readonly periodType: BudgetPeriodType };

export type DueBudgets = {
  readonly due: readonly DueBudget[];
  /** Organizations whose time zone nobody knows: their periods have no midnight. */
  readonly unknownZone: readonly string[];
};

type Progress = {
  organizationId: string;
  timeZone: string | null;
  budgetsFrom: string;
  periodType: BudgetPeriodType;
  /** The latest period that was paid in turn. */
  latest: string | null;
  /** Later ones that operators had paid out of turn. */
  ahead: string[];
};

/**
 * The oldest closed period of each organization and type that was not paid: those after it wait for its leftover.
 *
 * Begins with the first whole period on or after `budgets_from`, then follows what was paid. Periods are named by their local day, so
 * a change of zone neither repeats nor leaves out one.
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

function oldestUnpaid({ periodType, budgetsFrom, latest, ahead }: Progress, zone: string): Period {
  const first = firstWholePeriod(periodType, zone, new Date(budgetsFrom));
  const next = latest === null ? first : periodAfter(periodOfDay(periodType, zone, latest), zone);
  let period = next.start > first.start ? next : first;
  const paid = new Set(ahead);
  while (paid.has(period.start)) period = periodAfter(period, zone);
  return period;
}

/** One row for each organization and type, found by the unique index in a few lookups each. */
function readProgress(tx: Tx, only?: BudgetLine): Promise<Progress[]> {
  return rows<Progress>(
    tx,
    sql`select o.id as "organizationId", o.time_zone as "timeZone", o.budgets_from as "budgetsFrom",
               kinds.kind as "periodType", turn.latest::text as latest,
               array(select b.period_start::text from budget_periods b
                     where b.organization_id = o.id and b.period_type = kinds.kind and b.out_of_turn
                       and b.period_start > coalesce(turn.latest, '-infinity')) as ahead
        from organizations o
        cross join unnest(array['daily', 'weekly', 'monthly']) as kinds(kind)
        cross join lateral (
          select max(b.period_start) as latest from budget_periods b
          where b.organization_id = o.id and b.period_type = kinds.kind and not b.out_of_turn) turn
        where (${only?.organizationId ?? null}::bigint is null
               or (o.id = ${only?.organizationId ?? null}::bigint and kinds.kind = ${only?.periodType ?? null}))
        order by o.id, kinds.kind`,
  );
}
