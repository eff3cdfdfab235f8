import { inTransaction } from "../../src/db/client.ts";
import { type SaleDelivery, type SaleReceipt, takeSales } from "../../src/rewards/take-sales.ts";
import type { World } from "./world.ts";

let drawn = 0;

export type SaleFields = {
  buyer: { userId: string };
  amount?: bigint;
  externalId?: string;
  soldAt?: Date;
  receivedAt?: Date;
};

/** A delivery as the webhook would take it. Amounts in millionths of a token; default 100.50. */
export function saleDelivery(world: World, fields: SaleFields): SaleDelivery {
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

/** Takes one sale; its work waits in the outbox. */
export async function takeSale(world: World, fields: SaleFields): Promise<SaleReceipt> {
  const [receipt] = await inTransaction(world.db, (tx) => takeSales(tx, [saleDelivery(world, fields)]));
  return receipt as SaleReceipt;
}
