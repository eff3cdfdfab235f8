import { sql } from "drizzle-orm";
import type { commissions, tokenSales } from "../db/schema/rewards.ts";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";

type SaleStatus = (typeof tokenSales.$inferSelect)["status"];

/** A commission line as it was paid or held. */
export type StoredLine = {
  readonly profileId: string;
  readonly userId: string;
  readonly level: number;
  readonly amountMicro: bigint;
  readonly status: (typeof commissions.$inferSelect)["status"];
};

/** A sale with its commission lines, locked to release or reverse it. */
export type StoredSale = {
  readonly id: string;
  readonly status: SaleStatus;
  /** The ledger transaction that paid or held its commissions; null if there were none. */
  readonly transactionId: string | null;
  readonly lines: readonly StoredLine[];
};

export async function lockStoredSale(tx: Tx, saleId: string): Promise<StoredSale | undefined> {
  const [sale] = await rows<{ id: string; status: SaleStatus }>(
    tx,
    sql`select id, status from token_sales where id = ${saleId} for no key update`,
  );
  if (!sale) return undefined;
  const lines = await rows<Omit<StoredLine, "amountMicro"> & { amountMicro: string }>(
    tx,
    sql`select c.beneficiary_id as "profileId", p.user_id as "userId", c.level, c.amount_micro as "amountMicro", c.status
        from commissions c join volunteer_profiles p on p.id = c.beneficiary_id where c.sale_id = ${saleId} order by c.level`,
  );
  const [movement] = await rows<{ id: string }>(
    tx,
    sql`select id from ledger_transactions where kind = 'commission' and source = 'token_sale' and external_id = ${saleId}`,
  );
  return {
    ...sale,
    transactionId: movement?.id ?? null,
    lines: lines.map((line) => ({ ...line, amountMicro: BigInt(line.amountMicro) })),
  };
}

/** Sets the status of a sale and of all its lines. */
export async function setSaleStatus(
  tx: Tx,
  saleId: string,
  sale: SaleStatus,
  lines: StoredLine["status"],
): Promise<void> {
  await tx.execute(sql`update token_sales set status = ${sale} where id = ${saleId}`);
  await tx.execute(sql`update commissions set status = ${lines} where sale_id = ${saleId}`);
}
