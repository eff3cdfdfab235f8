import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { budgetPeriods } from "../db/schema/budgets.ts";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { isTimeZone } from "../scoring/local-time.ts";
import type { BudgetPeriodType } from "../scoring/rewards/budget-shares.ts";
import {
  type BudgetPeriod,
  firstWholePeriod,
  lastClosedPeriod,
  periodAfter,
  periodOfDay,
} from "./budget-periods.ts";

export const BUDGET_PERIOD_TYPES = budgetPeriods.periodType.enumValues satisfies readonly BudgetPeriodType[];

/** A closed period to be paid. */
export type DueBudget = { readonly organizationId: string; readonly period: BudgetPeriod };

/** The budgets of one type in one organization. */
export type BudgetLine = { readonly organizationId: string; readonly periodType: BudgetPeriodType };

/** Organizations by id, both bounds included. */
export const organizationRange = z.object({ from: z.string(), to: z.string() });
export type OrganizationRange = z.infer<typeof organizationRange>;

export type DueBudgets = {
  readonly due: readonly DueBudget[];
  /** Organizations with an unknown time zone: the bounds of their periods cannot be computed. */
  readonly unknownZone: readonly string[];
};

type Progress = {
  organizationId: string;
  timeZone: string;
  budgetsFrom: string;
  periodType: BudgetPeriodType;
  /** The latest period that was paid in order. */
  latest: string | null;
  /** Later ones that operators have paid ahead of older ones. */
  ahead: string[];
};

/** A host may have stored -infinity, from which no period can be counted. */
const EARLIEST_BUDGETS = sql.raw("timestamptz '1970-01-01 00:00:00Z'");

/** If all of their budgets are due, finding and enqueueing them holds the event loop for less than 100 ms. */
const ORGANIZATIONS_PER_RANGE = 2_000;

/** Cuts all organizations into ranges of ids. */
export const cutOrganizations = (tx: Tx): Promise<OrganizationRange[]> =>
  rows<OrganizationRange>(
    tx,
    sql`select min(id)::text as "from", max(id)::text as "to"
        from (select id, (row_number() over (order by id) - 1) / ${ORGANIZATIONS_PER_RANGE} as range from organizations) numbered
        group by range order by range`,
  );

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
  scope: BudgetLine | OrganizationRange,
): Promise<DueBudgets> {
  const zones = await readZones(tx, defaultZone, scope);
  const closed = zones.filter(isTimeZone).flatMap((zone) => closedPeriods(zone, now));
  const unknown = zones.filter((zone) => !isTimeZone(zone));
  const unknownZone = unknown.length === 0 ? [] : await readOrganizations(tx, defaultZone, scope, unknown);
  const progress = await readProgress(tx, defaultZone, scope, closed);
  const due = progress.flatMap((line): DueBudget[] => {
    const period = oldestUnpaid(line);
    return period.endAt <= now ? [{ organizationId: line.organizationId, period }] : [];
  });
  return { due, unknownZone };
}

const zoneOf = (defaultZone: string): SQL => sql`coalesce(o.time_zone, ${defaultZone})`;

async function readZones(
  tx: Tx,
  defaultZone: string,
  scope: BudgetLine | OrganizationRange,
): Promise<string[]> {
  const found = await rows<{ zone: string }>(
    tx,
    sql`select distinct ${zoneOf(defaultZone)} as zone from organizations o where ${inScope(scope)}`,
  );
  return found.map(({ zone }) => zone);
}

/** The organizations of a scope in these zones. */
async function readOrganizations(
  tx: Tx,
  defaultZone: string,
  scope: BudgetLine | OrganizationRange,
  zones: readonly string[],
): Promise<string[]> {
  const found = await rows<{ id: string }>(
    tx,
    sql`select o.id from organizations o where ${inScope(scope)} and ${zoneOf(defaultZone)} = any(${array(zones)}::text[]) order by o.id`,
  );
  return found.map(({ id }) => id);
}

type ClosedPeriod = { readonly zone: string; readonly type: BudgetPeriodType; readonly start: string };

/** The latest closed period of each type: a period is closed if it is this one, or an earlier one. */
const closedPeriods = (zone: string, now: Date): ClosedPeriod[] =>
  BUDGET_PERIOD_TYPES.map((type) => ({ zone, type, start: lastClosedPeriod(type, zone, now).start }));

function oldestUnpaid({ periodType, budgetsFrom, latest, ahead, timeZone }: Progress): BudgetPeriod {
  const from = new Date(budgetsFrom);
  const next = latest === null ? null : periodAfter(periodOfDay(periodType, timeZone, latest), timeZone);
  // The first whole period is the earliest that starts at `from` or later, so it is computed only if needed.
  let period = next !== null && next.startAt >= from ? next : firstWholePeriod(periodType, timeZone, from);
  const paid = new Set(ahead);
  while (paid.has(period.start)) period = periodAfter(period, timeZone);
  return period;
}

const inScope = (scope: BudgetLine | OrganizationRange): SQL =>
  "from" in scope
    ? sql`o.id between ${scope.from}::bigint and ${scope.to}::bigint`
    : sql`o.id = ${scope.organizationId}::bigint`;

/**
 * The lines of a scope whose oldest unpaid period may be closed, by a few lookups in the unique index each.
 * A first period starts on the local day of `budgets_from` or later, and that is at most a day before the
 * same day in UTC.
 */
function readProgress(
  tx: Tx,
  defaultZone: string,
  scope: BudgetLine | OrganizationRange,
  closed: readonly ClosedPeriod[],
): Promise<Progress[]> {
  const ofType = "from" in scope ? closed : closed.filter(({ type }) => type === scope.periodType);
  const column = (name: keyof ClosedPeriod) => array(ofType.map((period) => period[name]));
  return rows<Progress>(
    tx,
    sql`select o.id as "organizationId", closed.zone as "timeZone", greatest(o.budgets_from, ${EARLIEST_BUDGETS}) as "budgetsFrom",
               closed.type as "periodType", last_paid.start::text as latest,
               array(select b.period_start::text from budget_periods b
                     where b.organization_id = o.id and b.period_type = closed.type and b.out_of_turn
                       and b.period_start > coalesce(last_paid.start, '-infinity')) as ahead
        from organizations o
        join unnest(${column("zone")}::text[], ${column("type")}::text[], ${column("start")}::date[]) as closed(zone, type, start)
          on closed.zone = coalesce(o.time_zone, ${defaultZone})
        cross join lateral (
          select max(b.period_start) as start from budget_periods b
          where b.organization_id = o.id and b.period_type = closed.type and not b.out_of_turn) last_paid
        where ${inScope(scope)}
          and (greatest(o.budgets_from, ${EARLIEST_BUDGETS}) at time zone 'UTC')::date - 1 <= closed.start
          and (last_paid.start is null or last_paid.start < closed.start)
        order by o.id, closed.type`,
  );
}
