import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";
import { formatAmount } from "../scoring/money.ts";

/** A sale whose commissions are held until an operator decides. Amounts are decimal tokens. */
export type Hold = {
  readonly saleId: string;
  readonly transactionId: string;
  readonly buyerUserId: string;
  readonly amount: string;
  /** The sum of the held commissions; `lines` is their number. */
  readonly held: string;
  readonly lines: number;
  readonly soldAt: Date;
  readonly receivedAt: Date;
  readonly reasons: readonly string[];
};

type HoldRow = Omit<Hold, "soldAt" | "receivedAt"> & { soldAt: string; receivedAt: string };

/** Held sales, oldest first; `after` is the last sale of the previous page. */
export async function listHolds(on: Queryable, limit: number, after?: string): Promise<Hold[]> {
  const found = await rows<HoldRow>(
    on,
    sql`select s.id as "saleId", s.external_id as "transactionId", s.buyer_user_id as "buyerUserId", s.amount_micro::text as amount,
               c.held, c.lines, s.sold_at as "soldAt", s.received_at as "receivedAt", s.reasons
        from token_sales s
        cross join lateral (
          select coalesce(sum(amount_micro - reversed_micro), 0)::text as held, count(*)::int as lines from commissions where sale_id = s.id) c
        where s.status = 'held' and s.id > ${after ?? "0"} order by s.id limit ${limit}`,
  );
  return found.map((row) => ({
    ...row,
    amount: formatAmount(BigInt(row.amount)),
    held: formatAmount(BigInt(row.held)),
    soldAt: new Date(row.soldAt),
    receivedAt: new Date(row.receivedAt),
  }));
}
