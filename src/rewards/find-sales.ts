import { sql } from "drizzle-orm";
import type { tokenSales } from "../db/schema/rewards.ts";
import { type Queryable, rows } from "../db/statement.ts";
import { isStorable } from "../foreign-text.ts";
import { isId } from "../ids.ts";
import { formatAmount } from "../scoring/money.ts";

/** A sale in a list. The amount is in decimal tokens. */
export type SaleLine = {
  readonly id: string;
  readonly source: string;
  /** The seller's id. */
  readonly externalId: string;
  readonly amount: string;
  readonly status: (typeof tokenSales.$inferSelect)["status"];
  readonly reasons: readonly string[];
  readonly soldAt: Date;
};

type SaleRow = Omit<SaleLine, "soldAt"> & { soldAt: string };

const COLUMNS = sql.raw(
  `s.id, s.source, s.external_id as "externalId", s.amount_micro::text as amount, s.status, s.reasons, s.sold_at as "soldAt"`,
);

const FOUND = 20;

/**
 * The sales with an id, ours or the seller's. There are several only if the seller's id of one is our id of
 * another.
 */
export async function findSales(on: Queryable, id: string): Promise<SaleLine[]> {
  if (!isStorable(id)) return [];
  // The index begins with the source; there are a handful, found by skipping from one to the next.
  const found = await rows<SaleRow>(
    on,
    sql`with recursive sources(source) as (
          select min(source) from token_sales
          union all
          select (select min(t.source) from token_sales t where t.source > s.source) from sources s where s.source is not null)
        select ${COLUMNS} from sources o join token_sales s on s.source = o.source and s.external_id = ${id}
        union
        select ${COLUMNS} from token_sales s where s.id = ${isId(id) ? id : null}::bigint
        order by id limit ${FOUND}`,
  );
  return found.map(lineOf);
}

/** The latest sales to a user, by the number that the seller knows them by. */
export async function salesOfBuyer(on: Queryable, buyer: string, limit: number): Promise<SaleLine[]> {
  const found = await rows<SaleRow>(
    on,
    sql`select ${COLUMNS} from token_sales s where s.buyer_user_id = ${buyer} order by s.sold_at desc limit ${limit}`,
  );
  return found.map(lineOf);
}

const lineOf = ({ amount, soldAt, ...row }: SaleRow): SaleLine => ({
  ...row,
  amount: formatAmount(BigInt(amount)),
  soldAt: new Date(soldAt),
});
