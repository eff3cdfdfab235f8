import { sql } from "drizzle-orm";
import { array, prepared, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type {
  CommissionDecision,
  CommissionFacts,
  CommissionReferrer,
} from "../scoring/rewards/commission.ts";
import { userOfBuyer } from "./buyers.ts";

/** The facts of a decision about a sale: its amount is what is left of it after refunds. */
export type SaleFacts = CommissionFacts & { readonly refundedMicro: bigint };

/** A sale and the decision about it. */
export type DecidedSale = { readonly facts: SaleFacts; readonly decision: CommissionDecision };

/** Locked sales. */
export type LockedSales = {
  /** The facts of those without a decision. */
  readonly facts: readonly SaleFacts[];
  /** Why another one is skipped. */
  reasonToSkip(saleId: string): string;
};

const UNDECIDED = ["accepted", "unresolved"];

/** Locks sales and reads the facts of the undecided ones, in two statements. */
export async function lockSaleFacts(tx: Tx, saleIds: readonly string[]): Promise<LockedSales> {
  const sales = await lockSales(tx, saleIds);
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
};

/**
 * The windows of a buyer contain the sales before this one in sale time that are not reversed, decided or
 * not: an accepted or unresolved one may still be applied or held. So a decision does not depend on the order
 * or grouping in which sales are settled. A settled sale belongs to the user whose profile it was settled
 * with: the number of a buyer may be our id at first, and the host's later. Rows are locked by id everywhere,
 * so that two groups cannot deadlock.
 */
function lockSales(tx: Tx, saleIds: readonly string[]): Promise<SaleRow[]> {
  return rows<SaleRow>(
    tx,
    prepared`select s.id as "saleId", s.status, s.amount_micro - s.refunded_micro as "amountMicro", s.refunded_micro as "refundedMicro", s.sold_at as "soldAt", s.received_at as "receivedAt",
               buyer.id as "buyerUserId", p.id as "profileId", p.referred_at as "referredAt", p.upline::text[] as upline,
               h.hour::int as "salesLastHour", h.month::int as "sales30Days", h.amount::text as "amount30DaysMicro"
        from token_sales s
        cross join lateral (select ${userOfBuyer(sql`s.buyer_user_id`)} as id) buyer
        left join lateral (
          select id, referred_at, upline from volunteer_profiles
          where user_id = buyer.id order by referrer_id is null, created_at, id limit 1) p on true
        cross join lateral (
          select count(*) filter (where t.sold_at > s.sold_at - interval '1 hour') as hour, count(*) as month,
                 coalesce(sum(t.amount_micro), 0) as amount
          from token_sales t
          where t.buyer_user_id in (s.buyer_user_id, buyer.id) and t.sold_at > s.sold_at - interval '30 days'
            and (t.sold_at, t.id) < (s.sold_at, s.id) and t.status <> 'reversed'
            and case when t.profile_id is null then t.buyer_user_id = s.buyer_user_id
                else exists (select from volunteer_profiles o where o.id = t.profile_id and o.user_id = buyer.id) end) h
        where s.id = any(${array(saleIds)}::bigint[])
        order by s.id
        for no key update of s`,
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
  return new Map(found.map((row) => [row.profileId, { ...row, createdAt: new Date(row.createdAt) }]));
}

function factsOf(sale: SaleRow, referrers: ReadonlyMap<string, CommissionReferrer>): SaleFacts {
  const { buyerUserId: userId, profileId } = sale;
  const referredAt = sale.referredAt === null ? null : new Date(sale.referredAt);
  return {
    saleId: sale.saleId,
    amountMicro: BigInt(sale.amountMicro),
    refundedMicro: BigInt(sale.refundedMicro),
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
