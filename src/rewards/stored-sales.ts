import { sql } from "drizzle-orm";
import type { commissions, tokenSales } from "../db/schema/rewards.ts";
import { array, type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { groupBy } from "../group-by.ts";

type SaleStatus = (typeof tokenSales.$inferSelect)["status"];

/** Of a sale whose commissions are paid or held. */
export type SettledStatus = Extract<SaleStatus, "applied" | "held">;

/** A commission line as it was paid or held. */
export type StoredLine = {
  readonly profileId: string;
  readonly userId: string;
  readonly level: number;
  readonly rateBps: number;
  readonly amountMicro: bigint;
  /** The part of it that refunds took back. */
  readonly reversedMicro: bigint;
  readonly status: (typeof commissions.$inferSelect)["status"];
};

/** A sale with its commission lines, locked to release, refund or reverse it. */
export type StoredSale = {
  readonly id: string;
  readonly status: SaleStatus;
  readonly amountMicro: bigint;
  readonly refundedMicro: bigint;
  /** The amount refunded before its commissions were decided, which are based on the rest. */
  readonly refundedBeforeMicro: bigint;
  /** The ledger transaction that paid or held its commissions; null if there were none. */
  readonly transactionId: string | null;
  readonly lines: readonly StoredLine[];
  /**
   * Whether its beneficiaries were notified: it was paid before a late sale moved it into the held account.
   */
  readonly wasPaid: boolean;
};

export async function lockStoredSale(tx: Tx, saleId: string): Promise<StoredSale | undefined> {
  const [sale] = await rows<SaleRow>(
    tx,
    sql`select id, status, amount_micro as "amountMicro", refunded_micro as "refundedMicro",
               coalesce(inputs->>'refunded', '0') as "refundedBefore", coalesce(inputs, '{}') ? 'rechecks' as "wasPaid"
        from token_sales where id = ${saleId} for no key update`,
  );
  if (!sale) return undefined;
  const lines = await readCommissionLines(tx, [sale.id]);
  const [movement] = await rows<{ id: string }>(
    tx,
    sql`select id from ledger_transactions where kind = 'commission' and source = 'token_sale' and external_id = ${saleId}`,
  );
  return {
    id: sale.id,
    status: sale.status,
    amountMicro: BigInt(sale.amountMicro),
    refundedMicro: BigInt(sale.refundedMicro),
    refundedBeforeMicro: BigInt(sale.refundedBefore),
    transactionId: movement?.id ?? null,
    wasPaid: sale.wasPaid,
    lines: lines.get(sale.id) ?? [],
  };
}

type SaleRow = {
  id: string;
  status: SaleStatus;
  amountMicro: string;
  refundedMicro: string;
  refundedBefore: string;
  wasPaid: boolean;
};

type LineRow = Omit<StoredLine, "amountMicro" | "reversedMicro"> & {
  readonly saleId: string;
  readonly amountMicro: string;
  readonly reversedMicro: string;
};

/** The commission lines of sales, by sale; those of a sale by level. */
export async function readCommissionLines(
  on: Queryable,
  saleIds: readonly string[],
): Promise<Map<string, StoredLine[]>> {
  const found = await rows<LineRow>(
    on,
    sql`select c.sale_id as "saleId", c.beneficiary_id as "profileId", p.user_id as "userId", c.level, c.rate_bps as "rateBps",
               c.amount_micro as "amountMicro", c.reversed_micro as "reversedMicro", c.status
        from commissions c join volunteer_profiles p on p.id = c.beneficiary_id
        where c.sale_id = any(${array(saleIds)}::bigint[]) order by c.sale_id, c.level`,
  );
  const lines = new Map<string, StoredLine[]>();
  for (const [saleId, own] of groupBy(found, (line) => line.saleId)) lines.set(saleId, own.map(storedLine));
  return lines;
}

const storedLine = ({ saleId: _, ...line }: LineRow): StoredLine => ({
  ...line,
  amountMicro: BigInt(line.amountMicro),
  reversedMicro: BigInt(line.reversedMicro),
});

/** The rest of a line after refunds. */
export const leftOf = ({ amountMicro, reversedMicro }: StoredLine): bigint => amountMicro - reversedMicro;

/** Records that a part of a sale was refunded, and the amount taken back from each of its lines, by level. */
export async function addRefunded(
  tx: Tx,
  saleId: string,
  refundMicro: bigint,
  shares: ReadonlyMap<number, bigint>,
): Promise<void> {
  await tx.execute(
    sql`update token_sales set refunded_micro = refunded_micro + ${String(refundMicro)}::bigint where id = ${saleId}`,
  );
  await tx.execute(
    sql`update commissions c set reversed_micro = c.reversed_micro + share.amount
        from unnest(${array([...shares.keys()])}::smallint[], ${array([...shares.values()].map(String))}::bigint[]) as share(level, amount)
        where c.sale_id = ${saleId} and c.level = share.level`,
  );
}

/** Sets the status of sales and of all their lines. */
export async function setSaleStatus(
  tx: Tx,
  saleIds: readonly string[],
  sale: SaleStatus,
  lines: StoredLine["status"],
): Promise<void> {
  if (saleIds.length === 0) return;
  const ids = array(saleIds);
  await tx.execute(sql`update token_sales set status = ${sale} where id = any(${ids}::bigint[])`);
  await tx.execute(sql`update commissions set status = ${lines} where sale_id = any(${ids}::bigint[])`);
}
