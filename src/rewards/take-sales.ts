import { createHash } from "node:crypto";
import { sql } from "drizzle-orm";
import { audit } from "../db/audit.ts";
import { array, prepared, type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";

/** A sale as its seller told it: authentic, parsed, not yet compared with what was told before. */
export type SaleDelivery = {
  readonly source: string;
  readonly externalId: string;
  readonly buyerUserId: string;
  readonly amountMicro: bigint;
  readonly currency: string;
  readonly soldAt: Date;
  readonly receivedAt: Date;
  /** True when the seller named no time and the arrival stands for it: a repetition then has another time and is still the same. */
  readonly timeAssumed: boolean;
  readonly raw: Buffer;
  readonly signature: string | null;
  readonly secretId: string | null;
};

export type SaleReceipt = {
  /** `duplicate`: the same values again. `conflict`: other values under a key that is taken; nothing changed. */
  readonly status: "accepted" | "duplicate" | "conflict";
  /** The delivery that was accepted under this key. */
  readonly receipt: string;
  readonly saleId: string;
};

/** Enqueues the job that pays the commissions of new sales, in the transaction that takes them. */
export type AskForCommissions = (tx: Tx, saleIds: readonly string[]) => Promise<unknown>;

type Accepted = { id: string; external_id: string };

/**
 * Takes a group of deliveries in one transaction: a new one becomes a sale with its outbox entry; a known one is compared.
 * Every delivery leaves a row in `inbox`.
 *
 * @param askForCommissions called once with the ids of the new sales.
 * @returns a receipt for each delivery, in their order.
 */
export async function takeSales(
  tx: Tx,
  deliveries: readonly SaleDelivery[],
  askForCommissions: AskForCommissions,
): Promise<SaleReceipt[]> {
  const firsts = firstOfEachKey(deliveries);
  const accepted = await acceptInbox(tx, firsts);
  const fresh = firsts.filter((delivery) => accepted.has(keyOf(delivery)));
  const sales = await insertSales(tx, fresh, accepted);
  await askForCommissions(
    tx,
    [...sales.values()].map(({ saleId }) => saleId),
  );
  const isNew = new Set<SaleDelivery>(fresh);
  const repeated = deliveries.filter((delivery) => !isNew.has(delivery));
  const known = repeated.length === 0 ? new Map<string, KnownSale>() : await loadSales(tx, repeated);
  const receipts = deliveries.map((delivery) =>
    isNew.has(delivery) ? sales.get(keyOf(delivery)) : compared(delivery, known.get(keyOf(delivery))),
  ) as SaleReceipt[];
  await recordRepetitions(tx, deliveries, receipts);
  return receipts;
}

/** A delivery whose key is taken: the same values again, or others. */
function compared(delivery: SaleDelivery, sale: KnownSale | undefined): SaleReceipt {
  if (!sale) throw new Error("The sale behind a key that is taken cannot be read.");
  const status = sameValues(sale, delivery) ? "duplicate" : "conflict";
  return { status, receipt: sale.inboxId, saleId: sale.id };
}

const keyOf = (delivery: { source: string; externalId: string }): string =>
  `${delivery.source}\n${delivery.externalId}`;

const hashOf = (raw: Buffer): Buffer => createHash("sha256").update(raw).digest();

function firstOfEachKey(deliveries: readonly SaleDelivery[]): SaleDelivery[] {
  const firsts = new Map<string, SaleDelivery>();
  for (const delivery of deliveries) if (!firsts.has(keyOf(delivery))) firsts.set(keyOf(delivery), delivery);
  // In one order everywhere: two groups with the same keys never wait for each other in a circle.
  return [...firsts.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, delivery]) => delivery);
}

/** Takes the keys that are free. @returns the inbox ids of the new ones, by key. */
async function acceptInbox(tx: Tx, firsts: readonly SaleDelivery[]): Promise<Map<string, string>> {
  const inserted = await rows<Accepted & { source: string }>(
    tx,
    prepared`insert into inbox (source, external_id, outcome, raw, raw_hash, signature, secret_id, received_at)
        select d.source, d.external_id, 'accepted', d.raw, d.raw_hash, d.signature, d.secret_id, d.received_at
        from unnest(${array(firsts.map((d) => d.source))}::text[], ${array(firsts.map((d) => d.externalId))}::text[],
                    ${array(firsts.map((d) => d.raw))}::bytea[], ${array(firsts.map((d) => hashOf(d.raw)))}::bytea[],
                    ${array(firsts.map((d) => d.signature))}::text[], ${array(firsts.map((d) => d.secretId))}::text[],
                    ${array(firsts.map((d) => d.receivedAt.toISOString()))}::timestamptz[])
             as d(source, external_id, raw, raw_hash, signature, secret_id, received_at)
        on conflict (source, external_id) do nothing
        returning id, source, external_id`,
  );
  return new Map(inserted.map((row) => [keyOf({ source: row.source, externalId: row.external_id }), row.id]));
}

async function insertSales(
  tx: Tx,
  fresh: readonly SaleDelivery[],
  inboxIds: ReadonlyMap<string, string>,
): Promise<Map<string, SaleReceipt>> {
  if (fresh.length === 0) return new Map();
  const inserted = await rows<{ id: string; source: string; externalId: string; inboxId: string }>(
    tx,
    prepared`insert into token_sales (source, external_id, inbox_id, buyer_user_id, amount_micro, currency, sold_at, received_at, time_assumed)
        select * from unnest(
          ${array(fresh.map((d) => d.source))}::text[], ${array(fresh.map((d) => d.externalId))}::text[],
          ${array(fresh.map((d) => inboxIds.get(keyOf(d))))}::bigint[], ${array(fresh.map((d) => d.buyerUserId))}::bigint[],
          ${array(fresh.map((d) => String(d.amountMicro)))}::bigint[], ${array(fresh.map((d) => d.currency))}::text[],
          ${array(fresh.map((d) => d.soldAt.toISOString()))}::timestamptz[],
          ${array(fresh.map((d) => d.receivedAt.toISOString()))}::timestamptz[],
          ${array(fresh.map((d) => d.timeAssumed))}::boolean[])
        returning id, source, external_id as "externalId", inbox_id as "inboxId"`,
  );
  return new Map(
    inserted.map((sale) => [keyOf(sale), { status: "accepted", receipt: sale.inboxId, saleId: sale.id }]),
  );
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

async function loadSales(tx: Tx, deliveries: readonly SaleDelivery[]): Promise<Map<string, KnownSale>> {
  const found = await rows<KnownSale>(
    tx,
    sql`select id, source, external_id as "externalId", inbox_id as "inboxId", buyer_user_id as "buyerUserId",
               amount_micro as "amountMicro", currency, sold_at as "soldAt", time_assumed as "timeAssumed"
        from token_sales
        where source = any(${array([...new Set(deliveries.map((d) => d.source))])}::text[])
          and external_id = any(${array(deliveries.map((d) => d.externalId))}::text[])`,
  );
  return new Map(found.map((sale) => [keyOf(sale), sale]));
}

function sameValues(sale: KnownSale, delivery: SaleDelivery): boolean {
  // A time that was not named contradicts none: the seller's list may know it where the webhook did not say it.
  const sameTime =
    sale.timeAssumed || delivery.timeAssumed || new Date(sale.soldAt).getTime() === delivery.soldAt.getTime();
  return (
    sameTime &&
    sale.buyerUserId === delivery.buyerUserId &&
    BigInt(sale.amountMicro) === delivery.amountMicro &&
    sale.currency === delivery.currency
  );
}

/** Duplicates and conflicts are recorded too: every delivery ends in exactly one outcome. */
async function recordRepetitions(
  tx: Tx,
  deliveries: readonly SaleDelivery[],
  receipts: readonly SaleReceipt[],
): Promise<void> {
  const repeated = deliveries
    .map((delivery, index) => ({ delivery, receipt: receipts[index] as SaleReceipt }))
    .filter(({ receipt }) => receipt.status !== "accepted");
  if (repeated.length === 0) return;
  await tx.execute(
    sql`insert into inbox (source, outcome, first_id, raw, raw_hash, signature, secret_id, received_at)
        select * from unnest(
          ${array(repeated.map((r) => r.delivery.source))}::text[], ${array(repeated.map((r) => r.receipt.status))}::text[],
          ${array(repeated.map((r) => r.receipt.receipt))}::bigint[], ${array(repeated.map((r) => r.delivery.raw))}::bytea[],
          ${array(repeated.map((r) => hashOf(r.delivery.raw)))}::bytea[], ${array(repeated.map((r) => r.delivery.signature))}::text[],
          ${array(repeated.map((r) => r.delivery.secretId))}::text[],
          ${array(repeated.map((r) => r.delivery.receivedAt.toISOString()))}::timestamptz[])`,
  );
  for (const { delivery, receipt } of repeated) {
    if (receipt.status !== "conflict") continue;
    await audit(tx, {
      actor: "service",
      action: "sale.conflict",
      subject: `token_sales:${receipt.saleId}`,
      details: { source: delivery.source, firstDelivery: receipt.receipt },
    });
  }
}

export type RejectedDelivery = {
  readonly source: string;
  readonly raw: Buffer;
  readonly signature: string | null;
  readonly secretId: string | null;
  readonly faults: unknown;
  readonly receivedAt: Date;
};

/** Keeps an authentic delivery that could not be read. It holds no key, so that a corrected one is welcome. */
export async function rejectDelivery(on: Queryable, rejected: RejectedDelivery): Promise<void> {
  await on.execute(
    sql`insert into inbox (source, outcome, raw, raw_hash, signature, secret_id, faults, received_at)
        values (${rejected.source}, 'rejected', ${rejected.raw}, ${hashOf(rejected.raw)}, ${rejected.signature}, ${rejected.secretId},
                ${JSON.stringify(rejected.faults)}::jsonb, ${rejected.receivedAt})`,
  );
}
