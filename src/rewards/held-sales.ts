import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";

export type SaleStatus = "accepted" | "applied" | "held" | "unresolved" | "reversed";

/** A line as it was paid or held. */
export type StoredLine = {
  readonly profileId: string;
  readonly userId: string;
  readonly level: number;
  readonly amountMicro: bigint;
  readonly status: "earned" | "held" | "reversed";
};

/** A sale with its stored lines, locked for an operator's decision. */
export type StoredSale = {
  readonly id: string;
  readonly status: SaleStatus;
  /** The movement that paid or held its commissions; null when nothing was due. */
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

/** Moves the sale and its lines to their new state together. */
export async function setSaleStatus(
  tx: Tx,
  saleId: string,
  sale: SaleStatus,
  lines: StoredLine["status"],
): Promise<void> {
  await tx.execute(sql`update token_sales set status = ${sale} where id = ${saleId}`);
  await tx.execute(sql`update commissions set status = ${lines} where sale_id = ${saleId}`);
}
