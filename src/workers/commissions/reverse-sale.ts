import { z } from "zod";
import { audit } from "../../db/audit.ts";
import { defineJob, RETRIES } from "../../queues/job.ts";
import { done, skipped } from "../../queues/outcome.ts";
import { type Leg, post } from "../../rewards/ledger.ts";
import { lockStoredSale, type StoredSale, setSaleStatus } from "../../rewards/stored-sales.ts";

/** Posts the negative of the stored commissions of a sale, at most once and without computing them again. */
export const reverseSale = defineJob({
  name: "reverse-sale",
  queue: "commissions",
  description: "Takes back the commissions of a sale that was refunded or found to be fraudulent.",
  payload: z.object({
    saleId: z.string().regex(/^\d+$/).describe("the id of the sale in token_sales"),
    actor: z.string().min(1).max(100).default("cli").describe("who decided, for the audit log"),
    reason: z.string().min(1).max(500).optional().describe("why, for the audit log"),
  }),
  key: ({ saleId }) => saleId,
  ...RETRIES.days,
  run: async ({ saleId, actor, reason }, { tx, now }) => {
    const sale = await lockStoredSale(tx, saleId);
    if (!sale) return skipped("no such sale");
    if (sale.status === "reversed") return skipped("the sale is already reversed");
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
      details: { reason, was: sale.status },
    });
    return done({ reversed: 1, lines: sale.lines.length });
  },
});

/** Moves earned amounts from the beneficiaries, or held ones from the held account, back to the treasury. */
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
