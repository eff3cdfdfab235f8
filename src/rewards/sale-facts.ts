import { sql } from "drizzle-orm";
import { array, rows, type Tx } from "../db/client.ts";
import type { CommissionDecision, CommissionFacts, CommissionReferrer } from "../scoring/commission.ts";

/** What a decision about a sale rests on. */
export type SaleFacts = CommissionFacts;

/** A sale with what was decided about it. */
export type Decided = { readonly facts: SaleFacts; readonly decision: CommissionDecision };

export type LockedSales = {
  /** Ids of the sales that wait for a decision. */
  readonly open: readonly string[];
  /** Why a sale that is not open is left alone. */
  reasonToSkip(saleId: string): string;
};

const UNDECIDED = ["accepted", "unresolved"];
const BUYER_LOCK = 7_190_135;

/**
 * Locks sales, and their buyers: the fraud windows of a buyer are looked at by one transaction at a time, so that a burst of
 * purchases cannot pass in parallel groups. Both in one order, so that groups never wait for each other in a circle.
 */
export async function lockSales(tx: Tx, saleIds: readonly string[]): Promise<LockedSales> {
  await tx.execute(
    sql`select pg_advisory_xact_lock(${BUYER_LOCK}, buyer.key) from (
          select distinct (buyer_user_id % 2147483647)::int as key from token_sales
          where id = any(${array(saleIds)}::bigint[]) order by 1) buyer`,
  );
  const found = await rows<{ id: string; status: string }>(
    tx,
    sql`select id, status from token_sales where id = any(${array(saleIds)}::bigint[]) order by id for no key update`,
  );
  const statuses = new Map(found.map((sale) => [sale.id, sale.status]));
  return {
    open: found.filter((sale) => UNDECIDED.includes(sale.status)).map((sale) => sale.id),
    reasonToSkip(saleId) {
      const status = statuses.get(saleId);
      return status === undefined ? "no such sale" : `the sale is ${status} already`;
    },
  };
}

type SaleRow = {
  saleId: string;
  amountMicro: string;
  soldAt: string;
  receivedAt: string;
  buyerUserId: string;
  profileId: string | null;
  referredAt: string | null;
  upline: string[] | null;
  salesLastHour: number;
  sales30Days: number;
  amount30DaysMicro: string;
};

/**
 * Reads the facts of each sale and decides it, in order of sale time: a sale that was decided before in the same group counts in
 * the windows of the later ones, just as if each had been settled alone.
 */
export async function withFactsOf(
  tx: Tx,
  saleIds: readonly string[],
  decide: (facts: SaleFacts) => CommissionDecision,
): Promise<Decided[]> {
  if (saleIds.length === 0) return [];
  const sales = await readSales(tx, saleIds);
  const referrers = await readReferrers(tx, [...new Set(sales.flatMap((sale) => sale.upline ?? []))]);
  const decided: Decided[] = [];
  const earlierOf = new Map<string, SaleFacts[]>();
  for (const sale of sales) {
    const earlier = earlierOf.get(sale.buyerUserId) ?? [];
    const facts = factsOf(sale, referrers, earlier);
    const decision = decide(facts);
    decided.push({ facts, decision });
    if (decision.kind !== "unresolved") earlierOf.set(sale.buyerUserId, [...earlier, facts]);
  }
  return decided;
}

/** Windows use sale time, leave out the sale itself, and count sales that are applied or held. */
function readSales(tx: Tx, saleIds: readonly string[]): Promise<SaleRow[]> {
  return rows<SaleRow>(
    tx,
    sql`select s.id as "saleId", s.amount_micro as "amountMicro", s.sold_at as "soldAt", s.received_at as "receivedAt",
               s.buyer_user_id as "buyerUserId", p.id as "profileId", p.referred_at as "referredAt", p.upline::text[] as upline,
               h.hour::int as "salesLastHour", h.month::int as "sales30Days", h.amount::text as "amount30DaysMicro"
        from token_sales s
        left join lateral (
          select id, referred_at, upline from volunteer_profiles
          where user_id = s.buyer_user_id order by referrer_id is null, created_at, id limit 1) p on true
        cross join lateral (
          select count(*) filter (where t.sold_at > s.sold_at - interval '1 hour') as hour, count(*) as month,
                 coalesce(sum(t.amount_micro), 0) as amount
          from token_sales t
          where t.buyer_user_id = s.buyer_user_id and t.sold_at > s.sold_at - interval '30 days' and t.sold_at <= s.sold_at
            and t.id <> s.id and t.status in ('applied', 'held')) h
        where s.id = any(${array(saleIds)}::bigint[])
        order by s.sold_at, s.id`,
  );
}

async function readReferrers(
  tx: Tx,
  profileIds: readonly string[],
): Promise<Map<string, CommissionReferrer>> {
  if (profileIds.length === 0) return new Map();
  const found = await rows<{ profileId: string; userId: string; createdAt: string }>(
    tx,
    sql`select id as "profileId", user_id as "userId", created_at as "createdAt" from volunteer_profiles
        where id = any(${array(profileIds)}::bigint[])`,
  );
  return new Map(found.map((row) => [row.profileId, { ...row, createdAt: new Date(row.createdAt) }]));
}

const HOUR_MS = 3_600_000;

function factsOf(
  sale: SaleRow,
  referrers: ReadonlyMap<string, CommissionReferrer>,
  earlier: readonly SaleFacts[],
): SaleFacts {
  const soldAt = new Date(sale.soldAt);
  const within = (ms: number) =>
    earlier.filter((e) => e.soldAt <= soldAt && soldAt.getTime() - e.soldAt.getTime() < ms);
  const month = within(30 * 24 * HOUR_MS);
  return {
    saleId: sale.saleId,
    amountMicro: BigInt(sale.amountMicro),
    soldAt,
    receivedAt: new Date(sale.receivedAt),
    buyer:
      sale.profileId === null
        ? null
        : {
            userId: sale.buyerUserId,
            profileId: sale.profileId,
            referredAt: sale.referredAt === null ? null : new Date(sale.referredAt),
          },
    chain: (sale.upline ?? []).flatMap((id) => referrers.get(id) ?? []),
    buyerHistory: {
      salesLastHour: sale.salesLastHour + within(HOUR_MS).length,
      sales30Days: sale.sales30Days + month.length,
      amount30DaysMicro: BigInt(sale.amount30DaysMicro) + month.reduce((sum, e) => sum + e.amountMicro, 0n),
    },
  };
}
