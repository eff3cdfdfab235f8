import { type SQL, sql } from "drizzle-orm";
import { hostInstant } from "../db/instants.ts";
import { array, prepared, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type {
  CommissionDecision,
  CommissionFacts,
  CommissionReferrer,
} from "../scoring/rewards/commission.ts";
import { buyerWindows, MONTH } from "./buyer-windows.ts";
import { buyerNumberOf, userOfBuyer } from "./buyers.ts";

/** The facts of a decision about a sale: its amount is the rest after refunds. */
export type SaleFacts = CommissionFacts & {
  readonly refundedMicro: bigint;
  /** Whether a later sale of its buyer may have been decided without it. */
  readonly isLate: boolean;
};

/** A sale and the decision about it. */
export type DecidedSale = { readonly facts: SaleFacts; readonly decision: CommissionDecision };

/** Locked sales. */
export type LockedSales = {
  /** The facts of those without a decision. */
  readonly facts: readonly SaleFacts[];
  /** Why another sale is skipped. */
  reasonToSkip(saleId: string): string;
};

const UNDECIDED = ["accepted", "unresolved"];

/**
 * Locks sales and reads the facts of the undecided ones, in three statements, two of them pipelined.
 *
 * The facts are read by a statement of their own, whose snapshot is taken once all rows are locked. So the
 * settlement of a sale that these facts do not contain finds the rows locked, or decided.
 */
export async function lockSaleFacts(tx: Tx, saleIds: readonly string[]): Promise<LockedSales> {
  const [, sales] = await Promise.all([lockSales(tx, saleIds), readSales(tx, saleIds)]);
  const open = sales.filter((sale) => UNDECIDED.includes(sale.status));
  const referrers = await readReferrers(tx, [...new Set(open.flatMap((sale) => sale.upline ?? []))]);
  const statuses = new Map(sales.map((sale) => [sale.saleId, sale.status]));
  return {
    facts: open.map((sale) => factsOf(sale, referrers)),
    reasonToSkip(saleId) {
      const status = statuses.get(saleId);
      return status === undefined ? "no such sale" : `the sale is already ${status}`;
    },
  };
}

type SaleRow = {
  saleId: string;
  status: string;
  amountMicro: string;
  refundedMicro: string;
  soldAt: string;
  receivedAt: string;
  buyerUserId: string | null;
  profileId: string | null;
  referredAt: string | null;
  upline: string[] | null;
  salesLastHour: number;
  sales30Days: number;
  amount30DaysMicro: string;
  isLate: boolean;
};

/**
 * Ids whose number the planner does not see. A plan for one id seems cheaper than one for any number, so
 * Postgres would plan the statement anew each time, which takes longer than to run it.
 */
const ofUnknownLength = (ids: readonly string[]): SQL => sql`(select ${array(ids)}::bigint[])::bigint[]`;

/** Rows are locked by id everywhere, so that two groups cannot deadlock. */
const lockSales = (tx: Tx, saleIds: readonly string[]) =>
  tx.execute(
    prepared`select from token_sales where id = any(${ofUnknownLength(saleIds)}) order by id for no key update`,
  );

/**
 * A later sale was decided without this one if its facts were read before this one was committed. Then it is
 * decided by now, or still locked by the transaction that read them, and its `xmax` is set. A transaction
 * that locks it from now on reads this one, too. A sale that names its buyer by our id is also in the windows
 * of sales that name them by the host's number.
 */
function readSales(tx: Tx, saleIds: readonly string[]): Promise<SaleRow[]> {
  return rows<SaleRow>(
    tx,
    prepared`select s.id as "saleId", s.status, s.amount_micro - s.refunded_micro as "amountMicro", s.refunded_micro as "refundedMicro", s.sold_at as "soldAt", s.received_at as "receivedAt",
               buyer.id as "buyerUserId", p.id as "profileId", p.referred_at as "referredAt", p.upline::text[] as upline,
               h.hour::int as "salesLastHour", h.month::int as "sales30Days", h.amount::text as "amount30DaysMicro",
               exists (
                 select from token_sales t
                 where t.buyer_user_id in (s.buyer_user_id, case when s.buyer_user_id = buyer.id then ${buyerNumberOf(sql`buyer.id`)} end)
                   and t.sold_at >= s.sold_at and t.sold_at < s.sold_at + ${MONTH} and (t.sold_at, t.id) > (s.sold_at, s.id)
                   and (t.status in ('applied', 'held') or t.status in ('accepted', 'unresolved') and not (t.xmax = 0))
                   and t.id <> all(${ofUnknownLength(saleIds)})) as "isLate"
        from token_sales s
        cross join lateral (select ${userOfBuyer(sql`s.buyer_user_id`)} as id) buyer
        left join lateral (
          select id, referred_at, upline from volunteer_profiles
          where user_id = buyer.id order by referrer_id is null, created_at, id limit 1) p on true
        cross join lateral (${buyerWindows}) h
        where s.id = any(${ofUnknownLength(saleIds)})
        order by s.id`,
  );
}

async function readReferrers(
  tx: Tx,
  profileIds: readonly string[],
): Promise<Map<string, CommissionReferrer>> {
  if (profileIds.length === 0) return new Map();
  const found = await rows<{ profileId: string; userId: string; createdAt: string }>(
    tx,
    prepared`select id as "profileId", user_id as "userId", created_at as "createdAt" from volunteer_profiles
        where id = any(${array(profileIds)}::bigint[])`,
  );
  return new Map(found.map((row) => [row.profileId, { ...row, createdAt: hostInstant(row.createdAt) }]));
}

function factsOf(sale: SaleRow, referrers: ReadonlyMap<string, CommissionReferrer>): SaleFacts {
  const { buyerUserId: userId, profileId } = sale;
  const referredAt = sale.referredAt === null ? null : hostInstant(sale.referredAt);
  return {
    saleId: sale.saleId,
    amountMicro: BigInt(sale.amountMicro),
    refundedMicro: BigInt(sale.refundedMicro),
    isLate: sale.isLate,
    soldAt: new Date(sale.soldAt),
    receivedAt: new Date(sale.receivedAt),
    buyer: userId === null || profileId === null ? null : { userId, profileId, referredAt },
    chain: (sale.upline ?? []).flatMap((id) => referrers.get(id) ?? []),
    buyerHistory: {
      salesLastHour: sale.salesLastHour,
      sales30Days: sale.sales30Days,
      amount30DaysMicro: BigInt(sale.amount30DaysMicro),
    },
  };
}
