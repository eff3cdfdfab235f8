import { sql } from "drizzle-orm";
import type { budgetAwards, budgetPeriods } from "../db/schema/budgets.ts";
import { type Queryable, rows } from "../db/statement.ts";
import { formatAmount } from "../scoring/money.ts";

type PeriodColumns = typeof budgetPeriods.$inferSelect;
export type PeriodType = PeriodColumns["periodType"];

/** A budget period that was paid. Amounts are decimal tokens. */
export type PaidPeriod = Pick<
  PeriodColumns,
  "periodType" | "periodStart" | "leftoverTo" | "eligible" | "outOfTurn"
> & {
  readonly id: string;
  readonly organization: string;
  readonly granted: string;
  readonly carried: string;
  readonly paid: string;
  readonly leftover: string;
  readonly paidAt: Date;
};

/** The award of a profile in a period, or why there is none. */
export type PeriodAward = Pick<typeof budgetAwards.$inferSelect, "rank" | "reason"> & {
  /** The host's id where there is one. */
  readonly profile: string;
  readonly userId: string;
  readonly amount: string;
};

type PeriodRow = Omit<PaidPeriod, "paidAt"> & { paidAt: string };

const COLUMNS = sql.raw(
  `b.id, o.name as organization, b.period_type as "periodType", b.period_start::text as "periodStart", b.granted_micro::text as granted,
   b.carried_micro::text as carried, b.paid_micro::text as paid, b.leftover_micro::text as leftover, b.leftover_to as "leftoverTo",
   b.eligible, b.out_of_turn as "outOfTurn", b.paid_at as "paidAt"`,
);

/** The periods that were paid last, newest first. @param options.before only periods with lower ids. */
export async function listPaidPeriods(
  on: Queryable,
  {
    type,
    before,
    limit,
  }: { readonly type?: PeriodType | undefined; readonly before?: string | undefined; readonly limit: number },
): Promise<PaidPeriod[]> {
  const found = await rows<PeriodRow>(
    on,
    sql`select ${COLUMNS} from budget_periods b join organizations o on o.id = b.organization_id
        where (${before ?? null}::bigint is null or b.id < ${before ?? null}::bigint)
          and (${type ?? null}::text is null or b.period_type = ${type ?? null})
        order by b.id desc limit ${limit}`,
  );
  return found.map(periodOf);
}

/** One period; undefined if there is none with this id. */
export async function readPaidPeriod(on: Queryable, id: string): Promise<PaidPeriod | undefined> {
  const [found] = await rows<PeriodRow>(
    on,
    sql`select ${COLUMNS} from budget_periods b join organizations o on o.id = b.organization_id where b.id = ${id}`,
  );
  return found && periodOf(found);
}

const periodOf = ({ granted, carried, paid, leftover, paidAt, ...row }: PeriodRow): PaidPeriod => ({
  ...row,
  granted: tokens(granted),
  carried: tokens(carried),
  paid: tokens(paid),
  leftover: tokens(leftover),
  paidAt: new Date(paidAt),
});

const tokens = (micro: string): string => formatAmount(BigInt(micro));

/** The first awards of a period, by rank; then those without one. */
export async function listAwards(on: Queryable, periodId: string, limit: number): Promise<PeriodAward[]> {
  const found = await rows<PeriodAward>(
    on,
    sql`select coalesce(p.host_id, p.id::text) as profile, p.user_id as "userId", a.rank, a.amount_micro::text as amount, a.reason
        from budget_awards a join volunteer_profiles p on p.id = a.profile_id
        where a.period_id = ${periodId} order by a.rank nulls last, a.profile_id limit ${limit}`,
  );
  return found.map((award) => ({ ...award, amount: tokens(award.amount) }));
}
