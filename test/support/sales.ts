import { inTransaction } from "../../src/db/transaction.ts";
import { type ReceivedSale, type SaleReceipt, takeSales } from "../../src/rewards/take-sales.ts";
import {
  distributeCommission,
  enqueueCommissions,
} from "../../src/workers/commissions/distribute-commission.ts";
import type { World } from "./world.ts";

let drawn = 0;

export type SaleFields = {
  buyer: { userId: string };
  amount?: bigint;
  externalId?: string;
  soldAt?: Date;
  receivedAt?: Date;
};

/** A sale as the webhook would receive it. Amounts in millionths of a token; default 100.50. */
export function receivedSale(world: World, fields: SaleFields): ReceivedSale {
  drawn += 1;
  const receivedAt = fields.receivedAt ?? world.clock.now();
  const soldAt = fields.soldAt ?? receivedAt;
  const amountMicro = fields.amount ?? 100_500_000n;
  const externalId = fields.externalId ?? `tx-${drawn}`;
  return {
    source: "scicent",
    externalId,
    buyerUserId: fields.buyer.userId,
    amountMicro,
    currency: "SCICENT",
    soldAt,
    timeAssumed: false,
    receivedAt,
    raw: Buffer.from(JSON.stringify({ externalId, amount: String(amountMicro) })),
    signature: null,
    secretId: null,
  };
}

/** Takes one sale; its job is in the outbox. */
export async function takeSale(world: World, fields: SaleFields): Promise<SaleReceipt> {
  const [receipt] = await inTransaction(world.db, (tx) =>
    takeSales(tx, [receivedSale(world, fields)], enqueueCommissions),
  );
  return receipt as SaleReceipt;
}

/** The status and reasons of a sale. */
export async function saleOf(world: World, saleId: string) {
  const [sale] = await world.query<{ status: string; reasons: string[] }>(
    "select status, reasons from token_sales where id = $1",
    [saleId],
  );
  return sale;
}

export type Line = { level: number; amount: string; status: string; beneficiary: string };

export const linesOf = (world: World, saleId: string): Promise<Line[]> =>
  world.query<Line>(
    `select level, amount_micro::text as amount, status, beneficiary_id::text as beneficiary from commissions where sale_id = $1 order by level`,
    [saleId],
  );

/** The balance of a system account, from its entries. */
export async function systemBalance(world: World, kind: "treasury" | "held"): Promise<string> {
  const [row] = await world.query<{ total: string }>(
    `select coalesce(sum(e.amount_micro), 0)::text as total from ledger_accounts a
     left join ledger_entries e on e.account_id = a.id where a.kind = $1`,
    [kind],
  );
  return row!.total;
}

/** The kinds of the ledger transactions of a sale, in order. */
export const movementsOf = async (world: World, saleId: string): Promise<string[]> =>
  (
    await world.query<{ kind: string }>(
      "select kind from ledger_transactions where source = 'token_sale' and external_id = $1 order by id",
      [saleId],
    )
  ).map((row) => row.kind);

/** The rechecks that moved the commissions of a sale, as `<sale>/<late sale>`, in order. */
export const recheckMovesOf = async (world: World, saleId: string): Promise<string[]> =>
  (
    await world.query<{ id: string }>(
      "select external_id as id from ledger_transactions where kind = 'recheck' and external_id like $1 || '/%' order by id",
      [saleId],
    )
  ).map((row) => row.id);

/** Takes one sale of whole tokens, sold some minutes before now, and settles it without its recheck. */
export async function settleSale(
  world: World,
  buyer: { userId: string },
  { tokens, minutesAgo = 0 }: { tokens: number; minutesAgo?: number },
): Promise<string> {
  const soldAt = new Date(world.clock.now().getTime() - minutesAgo * 60_000);
  const { saleId } = await takeSale(world, { buyer, soldAt, amount: BigInt(tokens) * 1_000_000n });
  await world.perform(distributeCommission, { saleId });
  return saleId;
}

/** A held sale: more than 30 days old when it arrived. */
export async function heldSale(world: World, buyer: { userId: string }, amount?: bigint): Promise<string> {
  const soldAt = new Date(world.clock.now().getTime() - 40 * 24 * 3_600_000);
  const { saleId } = await takeSale(world, { buyer, soldAt, ...(amount ? { amount } : {}) });
  await world.drain();
  return saleId;
}
