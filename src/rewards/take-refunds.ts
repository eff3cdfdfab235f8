import { sql } from "drizzle-orm";
import { audit } from "../db/audit.ts";
import {
  acceptMessages,
  type InboxStatus,
  type KeyedMessage,
  messageKey,
  recordRepeats,
} from "../db/inbox.ts";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";

/** A refund as received from the seller: authentic and parsed. Its key is the seller's id of the refund. */
export type ReceivedRefund = KeyedMessage & {
  /** The source and the seller's id of the sale that it is a refund of. */
  readonly sale: { readonly source: string; readonly externalId: string };
  readonly amountMicro: bigint;
};

export type RefundReceipt = {
  /** `duplicate`: the same values again. `conflict`: other values under a key that is taken. */
  readonly status: InboxStatus;
  /** The inbox id of the message that was accepted under this key. */
  readonly receipt: string;
  readonly refundId: string;
  readonly saleId: string;
};

/** No sale with this id was received. The seller may send the refund again after the sale. */
export class UnknownSale extends Error {
  override readonly name = "UnknownSale";
  constructor() {
    super("no sale with this id was received");
  }
}

/** Enqueues the job that takes back commissions, in the transaction that takes the refund. */
export type EnqueueRefund = (tx: Tx, refund: { saleId: string; refundId: string }) => Promise<unknown>;

/**
 * Takes a refund in one transaction: a row in `inbox`, one in `sale_refunds`, and its job.
 * @throws UnknownSale when there is no such sale; nothing may be committed then.
 */
export async function takeRefund(
  tx: Tx,
  refund: ReceivedRefund,
  enqueueRefund: EnqueueRefund,
): Promise<RefundReceipt> {
  const inboxId = (await acceptMessages(tx, [refund])).get(messageKey(refund));
  if (inboxId === undefined) return compareRefund(tx, refund);
  const [taken] = await rows<{ refundId: string; saleId: string }>(
    tx,
    sql`insert into sale_refunds (source, external_id, sale_id, inbox_id, amount_micro)
        select ${refund.source}, ${refund.externalId}, s.id, ${inboxId}, ${String(refund.amountMicro)}::bigint
        from token_sales s where s.source = ${refund.sale.source} and s.external_id = ${refund.sale.externalId}
        returning id as "refundId", sale_id as "saleId"`,
  );
  if (!taken) throw new UnknownSale();
  await enqueueRefund(tx, taken);
  return { status: "accepted", receipt: inboxId, ...taken };
}

async function compareRefund(tx: Tx, refund: ReceivedRefund): Promise<RefundReceipt> {
  const [first] = await rows<{ receipt: string; refundId: string; saleId: string; same: boolean }>(
    tx,
    sql`select f.inbox_id as receipt, f.id as "refundId", f.sale_id as "saleId",
               f.amount_micro = ${String(refund.amountMicro)}::bigint
                 and s.source = ${refund.sale.source} and s.external_id = ${refund.sale.externalId} as same
        from sale_refunds f join token_sales s on s.id = f.sale_id
        where f.source = ${refund.source} and f.external_id = ${refund.externalId}`,
  );
  if (!first) throw new Error("the refund behind a taken key cannot be read");
  const { receipt, refundId, saleId, same } = first;
  const status = same ? "duplicate" : "conflict";
  await recordRepeats(tx, [{ message: refund, status, firstId: receipt }]);
  if (!same) {
    await audit(tx, {
      actor: "service",
      action: "sale.refund-conflict",
      subject: `token_sales:${saleId}`,
      details: { source: refund.source, firstReceipt: receipt },
    });
  }
  return { status, receipt, refundId, saleId };
}
