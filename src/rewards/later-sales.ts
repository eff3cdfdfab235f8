import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { buyerHistories } from "../scoring/rewards/buyer-histories.ts";
import { historyReasons } from "../scoring/rewards/commission-holds.ts";
import type { CommissionHoldLimits } from "../scoring/rewards/commission-policy.ts";
import { MONTH } from "./buyer-windows.ts";
import { buyerNumberOf } from "./buyers.ts";

/** A sale that has just been settled, and may have arrived after later ones of its buyer were. */
export type LateSale = {
  readonly id: string;
  readonly userId: string;
  readonly soldAtMs: number;
  /** The numbers by which the seller may have named its buyer. */
  readonly buyerNumbers: readonly string[];
};

/** Reads settled sales that have a profile, by time of sale. */
export async function readLateSales(tx: Tx, saleIds: readonly string[]): Promise<LateSale[]> {
  const found = await rows<{ id: string; userId: string; soldAt: string; number: string; ownNumber: string }>(
    tx,
    sql`select l.id, p.user_id as "userId", l.sold_at as "soldAt", l.buyer_user_id as number, ${buyerNumberOf(sql`p.user_id`)} as "ownNumber"
        from token_sales l join volunteer_profiles p on p.id = l.profile_id
        where l.id = any(${array(saleIds)}::bigint[]) order by l.sold_at, l.id`,
  );
  return found.map(({ id, userId, soldAt, number, ownNumber }) => ({
    id,
    userId,
    soldAtMs: Date.parse(soldAt),
    buyerNumbers: [...new Set([number, ownNumber, userId])],
  }));
}

type OneOfBuyer = {
  readonly id: string;
  readonly soldAtMs: number;
  readonly amountMicro: bigint;
  readonly buyerNumber: string;
  /** The user with whose profile it was settled; null before. */
  readonly ownerId: string | null;
  /** Whether commissions of it are paid or held. */
  readonly isDecided: boolean;
  /** Whether another transaction may be settling it. */
  readonly isLocked: boolean;
  readonly decidedOnMicro: bigint;
  readonly reasons: readonly string[];
};

/**
 * Finds the sales about which the late ones of a buyer may change a decision: those whose windows now give
 * another signal than the one that was stored, and those that other transactions are settling. Nothing is
 * locked: the sales found must be locked, and decided again from facts that are read afterwards.
 *
 * @param late sales of one buyer, by time of sale; at least one.
 * @returns their ids, in order.
 */
export async function findLaterSales(
  tx: Tx,
  late: readonly LateSale[],
  limits: CommissionHoldLimits,
): Promise<string[]> {
  const first = late[0] as LateSale;
  const sales = await readSalesOfBuyer(tx, late);
  const begin = sales.findIndex(({ id }) => id === first.id) + 1;
  const later = new Set(sales.slice(begin));
  const numbers = new Set(sales.map(({ buyerNumber }) => buyerNumber));
  const found = [...numbers].flatMap((number) => {
    // The windows of a sale depend on the number that it names its buyer by.
    const counted = sales.filter((sale) => isCounted(sale, number, first.userId));
    const histories = buyerHistories(counted);
    return counted.filter((sale, index) => {
      if (sale.buyerNumber !== number || !later.has(sale)) return false;
      if (!sale.isDecided) return sale.isLocked;
      const history = histories[index] as (typeof histories)[number];
      return differ(historyReasons(sale.decidedOnMicro, history, limits), sale.reasons);
    });
  });
  return found
    .map(({ id }) => BigInt(id))
    .sort((a, b) => (a < b ? -1 : 1))
    .map(String);
}

/** As in buyer-windows.ts. */
const isCounted = ({ buyerNumber, ownerId }: OneOfBuyer, number: string, userId: string): boolean =>
  ownerId === null ? buyerNumber === number : ownerId === userId && [number, userId].includes(buyerNumber);

const HISTORY_REASONS = ["velocity", "amount-above-average"] as const;

const differ = (now: readonly string[], stored: readonly string[]): boolean =>
  HISTORY_REASONS.some((reason) => now.includes(reason) !== stored.includes(reason));

type RowOfBuyer = Pick<OneOfBuyer, "id" | "buyerNumber" | "ownerId" | "isDecided" | "isLocked"> & {
  soldAt: string;
  amountMicro: string;
  refunded: string;
  reasons: string[];
};

/** The sales of a buyer from 30 days before the first late one to 30 days after the last, by time of sale. */
async function readSalesOfBuyer(tx: Tx, late: readonly LateSale[]): Promise<OneOfBuyer[]> {
  const numbers = [...new Set(late.flatMap(({ buyerNumbers }) => buyerNumbers))];
  const [first, last] = [late.at(0), late.at(-1)].map((sale) => new Date(sale?.soldAtMs ?? 0));
  const found = await rows<RowOfBuyer>(
    tx,
    sql`select t.id, t.sold_at as "soldAt", t.amount_micro as "amountMicro", t.buyer_user_id as "buyerNumber", o.user_id as "ownerId",
               t.status in ('applied', 'held') and exists (select from commissions c where c.sale_id = t.id) as "isDecided",
               t.status in ('accepted', 'unresolved') and not (t.xmax = 0) as "isLocked",
               coalesce(t.inputs->>'refunded', '0') as refunded, t.reasons
        from token_sales t left join volunteer_profiles o on o.id = t.profile_id
        where t.buyer_user_id = any(${array(numbers)}::bigint[]) and t.status <> 'reversed'
          and t.sold_at > ${first}::timestamptz - ${MONTH} and t.sold_at < ${last}::timestamptz + ${MONTH}
        order by t.sold_at, t.id`,
  );
  return found.map(({ soldAt, amountMicro, refunded, ...sale }) => ({
    ...sale,
    soldAtMs: Date.parse(soldAt),
    amountMicro: BigInt(amountMicro),
    decidedOnMicro: BigInt(amountMicro) - BigInt(refunded),
  }));
}
