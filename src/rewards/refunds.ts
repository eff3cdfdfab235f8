import { sql } from "drizzle-orm";
import type { saleRefunds } from "../db/schema/rewards.ts";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";

type RefundRow = typeof saleRefunds.$inferSelect;

/** A refund, locked to settle it. */
export type Refund = {
  readonly id: string;
  readonly amountMicro: bigint;
  readonly status: RefundRow["status"];
};

/** The refund from a message of the seller. */
export async function lockRefund(tx: Tx, id: string): Promise<Refund | undefined> {
  const [refund] = await rows<{ id: string; amountMicro: string; status: RefundRow["status"] }>(
    tx,
    sql`select id, amount_micro as "amountMicro", status from sale_refunds where id = ${id} for no key update`,
  );
  return refund && { ...refund, amountMicro: BigInt(refund.amountMicro) };
}

/** Records a refund by an operator. One run is one refund. */
export async function insertOperatorRefund(
  tx: Tx,
  saleId: string,
  externalId: string,
  amountMicro: bigint,
): Promise<Refund> {
  const [refund] = await rows<{ id: string }>(
    tx,
    sql`insert into sale_refunds (source, external_id, sale_id, amount_micro)
        values ('operator', ${externalId}, ${saleId}, ${String(amountMicro)}) returning id`,
  );
  if (!refund) throw new Error("inserting a refund returned no row");
  return { id: refund.id, amountMicro, status: "accepted" };
}

export async function settleRefund(
  tx: Tx,
  id: string,
  status: Exclude<RefundRow["status"], "accepted">,
  now: Date,
): Promise<void> {
  await tx.execute(sql`update sale_refunds set status = ${status}, settled_at = ${now} where id = ${id}`);
}
