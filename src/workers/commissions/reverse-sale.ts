import { z } from "zod";
import { audit } from "../../db/audit.ts";
import { defineJob } from "../../queues/job.ts";
import { done, skipped } from "../../queues/outcome.ts";
import { lockStoredSale, type StoredSale, setSaleStatus } from "../../rewards/held-sales.ts";
import { type Leg, post } from "../../rewards/ledger.ts";

/** A sale was taken back: the negative of what was stored is posted, never a recomputation, and at most once. */
export const reverseSale = defineJob({
  name: "reverse-sale",
  queue: "commissions",
  description: "Takes back the commissions of a sale that was refunded or found to be fraud.",
  payload: z.object({
    saleId: z.string().regex(/^\d+$/).describe("the sale, by its id in token_sales"),
    actor: z.string().min(1).max(100).default("cli").describe("who decided it, for the audit log"),
  }),
  key: ({ saleId }) => saleId,
  run: async ({ saleId, actor }, { tx, now }) => {
    const sale = await lockStoredSale(tx, saleId);
    if (!sale) return skipped("no such sale");
    if (sale.status === "reversed") return skipped("the sale is reversed already");
    const legs = reversedLegs(sale);
    if (sale.transactionId !== null && legs.length > 0) {
      await post(tx, [
        {
          kind: "reversal",
          source: "token_sale",
          externalId: saleId,
          occurredAt: now,
          legs,
          reverses: sale.transactionId,
        },
      ]);
    }
    await setSaleStatus(tx, saleId, "reversed", "reversed");
    await audit(tx, {
      actor,
      action: "sale.reverse",
      subject: `token_sales:${saleId}`,
      details: { was: sale.status },
    });
    return done({ reversed: 1, lines: sale.lines.length });
  },
});

/** What was earned is taken from its beneficiaries, what is still held from the held account; the treasury gets it back. */
function reversedLegs(sale: StoredSale): Leg[] {
  const total = sale.lines.reduce((sum, line) => sum + line.amountMicro, 0n);
  if (total === 0n) return [];
  const back: Leg = { account: "treasury", amountMicro: total };
  if (sale.status === "held") return [{ account: "held", amountMicro: -total }, back];
  return [
    ...sale.lines.map(
      ({ profileId, amountMicro }): Leg => ({ account: { profileId }, amountMicro: -amountMicro }),
    ),
    back,
  ];
}
