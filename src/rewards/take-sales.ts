import { type SQL, sql } from "drizzle-orm";
import { audit } from "../db/audit.ts";
import {
  acceptMessages,
  firstOfEachKey,
  type InboxStatus,
  type KeyedMessage,
  messageKey,
  recordRepeats,
} from "../db/inbox.ts";
import { array, prepared, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { TraceContext } from "../tracing/tracing.ts";

/**
 * A sale as received from its seller: authentic and parsed, not yet compared with what was received before.
 */
export type ReceivedSale = KeyedMessage & {
  readonly buyerUserId: string;
  readonly amountMicro: bigint;
  readonly currency: string;
  readonly soldAt: Date;
  /**
   * True when the seller gave no time, so `soldAt` is the time of arrival. A repeat then differs in time and
   * is still a duplicate.
   */
  readonly timeAssumed: boolean;
  /** The span that received it. */
  readonly trace?: TraceContext | null;
};

/** A new sale, and the span that received it. */
export type TakenSale = { readonly saleId: string; readonly trace: TraceContext | null };

export type SaleReceipt = {
  /**
   * `duplicate`: the same values again. `conflict`: other values under a key that is taken; nothing was
   * changed.
   */
  readonly status: InboxStatus;
  /** The inbox id of the message that was accepted under this key. */
  readonly receipt: string;
  readonly saleId: string;
};

/** Enqueues the job that pays the commissions of new sales, in the transaction that takes them. */
export type EnqueueCommissions = (tx: Tx, sales: readonly TakenSale[]) => Promise<unknown>;

/**
 * Takes a group of sales in one transaction. A new one becomes a row of `token_sales` with its outbox entry;
 * one whose key is taken is compared with the sale that took it. Each leaves a row in `inbox`, except, when
 * they were `listed` by us, those that are there already.
 *
 * @param enqueueCommissions called once with the new sales.
 * @returns a receipt for each sale, in the order of `sales`.
 */
export async function takeSales(
  tx: Tx,
  sales: readonly ReceivedSale[],
  enqueueCommissions: EnqueueCommissions,
  { listed = false }: { readonly listed?: boolean } = {},
): Promise<SaleReceipt[]> {
  const firsts = firstOfEachKey(sales);
  const accepted = await acceptMessages(tx, firsts);
  const fresh = firsts.filter((sale) => accepted.has(messageKey(sale)));
  const receiptOfNew = await insertSales(tx, fresh, accepted);
  await enqueueCommissions(
    tx,
    fresh.map((sale) => ({
      saleId: receiptOfNew.get(messageKey(sale))?.saleId as string,
      trace: sale.trace ?? null,
    })),
  );
  const isNew = new Set<ReceivedSale>(fresh);
  const repeated = sales.filter((sale) => !isNew.has(sale));
  const stored = repeated.length === 0 ? new Map<string, KnownSale>() : await loadSales(tx, repeated);
  const receipts = sales.map((sale) =>
    isNew.has(sale) ? receiptOfNew.get(messageKey(sale)) : compare(sale, stored.get(messageKey(sale))),
  ) as SaleReceipt[];
  await recordRepeated(tx, sales, receipts, (status) => status === "conflict" || !listed);
  return receipts;
}

function compare(sale: ReceivedSale, stored: KnownSale | undefined): SaleReceipt {
  if (!stored) throw new Error("the sale behind a taken key cannot be read");
  const status = hasSameValues(stored, sale) ? "duplicate" : "conflict";
  return { status, receipt: stored.inboxId, saleId: stored.id };
}

async function insertSales(
  tx: Tx,
  fresh: readonly ReceivedSale[],
  inboxIds: ReadonlyMap<string, string>,
): Promise<Map<string, SaleReceipt>> {
  if (fresh.length === 0) return new Map();
  const trace = tracesOf(tx, fresh);
  const inserted = await rows<{ id: string; source: string; externalId: string; inboxId: string }>(
    tx,
    prepared`insert into token_sales (source, external_id, inbox_id, buyer_user_id, amount_micro, currency, sold_at, received_at, time_assumed${trace.column})
        select * from unnest(
          ${array(fresh.map((s) => s.source))}::text[], ${array(fresh.map((s) => s.externalId))}::text[],
          ${array(fresh.map((s) => inboxIds.get(messageKey(s))))}::bigint[], ${array(fresh.map((s) => s.buyerUserId))}::bigint[],
          ${array(fresh.map((s) => String(s.amountMicro)))}::bigint[], ${array(fresh.map((s) => s.currency))}::text[],
          ${array(fresh.map((s) => s.soldAt.toISOString()))}::timestamptz[],
          ${array(fresh.map((s) => s.receivedAt.toISOString()))}::timestamptz[],
          ${array(fresh.map((s) => s.timeAssumed))}::boolean[]${trace.list})
        returning id, source, external_id as "externalId", inbox_id as "inboxId"`,
  );
  return new Map(
    inserted.map((sale) => [
      messageKey(sale),
      { status: "accepted", receipt: sale.inboxId, saleId: sale.id },
    ]),
  );
}

/** The parts of the statement that write the traces; none while tracing is off. */
function tracesOf({ dispatch }: Tx, sales: readonly ReceivedSale[]): { column: SQL; list: SQL } {
  const traces = sales.map(({ trace }) => trace ?? dispatch.trace);
  if (traces.every((trace) => trace === null)) return { column: sql``, list: sql`` };
  return { column: sql`, trace`, list: sql`, ${array(traces)}::text[]` };
}

type KnownSale = {
  id: string;
  source: string;
  externalId: string;
  inboxId: string;
  buyerUserId: string;
  amountMicro: string;
  currency: string;
  soldAt: string;
  timeAssumed: boolean;
};

async function loadSales(tx: Tx, sales: readonly ReceivedSale[]): Promise<Map<string, KnownSale>> {
  const found = await rows<KnownSale>(
    tx,
    sql`select id, source, external_id as "externalId", inbox_id as "inboxId", buyer_user_id as "buyerUserId",
               amount_micro as "amountMicro", currency, sold_at as "soldAt", time_assumed as "timeAssumed"
        from token_sales
        where source = any(${array([...new Set(sales.map((s) => s.source))])}::text[])
          and external_id = any(${array(sales.map((s) => s.externalId))}::text[])`,
  );
  return new Map(found.map((sale) => [messageKey(sale), sale]));
}

function hasSameValues(stored: KnownSale, sale: ReceivedSale): boolean {
  // A missing time contradicts nothing: the seller's list may state the time where the webhook did not.
  const hasSameTime =
    stored.timeAssumed || sale.timeAssumed || new Date(stored.soldAt).getTime() === sale.soldAt.getTime();
  return (
    hasSameTime &&
    stored.buyerUserId === sale.buyerUserId &&
    BigInt(stored.amountMicro) === sale.amountMicro &&
    stored.currency === sale.currency
  );
}

async function recordRepeated(
  tx: Tx,
  sales: readonly ReceivedSale[],
  receipts: readonly SaleReceipt[],
  isRecorded: (status: SaleReceipt["status"]) => boolean,
): Promise<void> {
  const repeats = sales.flatMap((message, index) => {
    const { status, receipt: firstId, saleId } = receipts[index] as SaleReceipt;
    return status === "accepted" || !isRecorded(status) ? [] : [{ message, status, firstId, saleId }];
  });
  await recordRepeats(tx, repeats);
  for (const { message, status, firstId, saleId } of repeats) {
    if (status !== "conflict") continue;
    await audit(tx, {
      actor: "service",
      action: "sale.conflict",
      subject: `token_sales:${saleId}`,
      details: { source: message.source, firstReceipt: firstId },
    });
  }
}
