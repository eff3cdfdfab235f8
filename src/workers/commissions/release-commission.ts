import { z } from "zod";
import { audit } from "../../db/audit.ts";
import { emit } from "../../events/event.ts";
import { commissionEarned } from "../../events/rewards.ts";
import { defineJob, RETRIES } from "../../queues/job.ts";
import { done, skipped } from "../../queues/outcome.ts";
import { post } from "../../rewards/ledger.ts";
import { earnedPayload } from "../../rewards/record-commissions.ts";
import { leftOf, lockStoredSale, setSaleStatus } from "../../rewards/stored-sales.ts";

/** Pays a held sale that an operator approved: the stored lines, without computing them again. */
export const releaseCommission = defineJob({
  name: "release-commission",
  queue: "commissions",
  description: "Pays the held commissions of a sale to their beneficiaries.",
  payload: z.object({
    saleId: z.string().regex(/^\d+$/).describe("the id of the held sale in token_sales"),
    actor: z.string().min(1).max(100).default("cli").describe("who decided, for the audit log"),
    reason: z.string().min(1).max(500).optional().describe("why, for the audit log"),
  }),
  key: ({ saleId }) => saleId,
  ...RETRIES.days,
  run: async ({ saleId, actor, reason }, { tx, now }) => {
    const sale = await lockStoredSale(tx, saleId);
    if (!sale) return skipped("no such sale");
    if (sale.status !== "held") return skipped(`the sale is ${sale.status}, not held`);
    // The part of a line that refunds took back is not paid.
    const lines = sale.lines.map((line) => ({ ...line, amountMicro: leftOf(line) }));
    const due = lines.filter(({ amountMicro }) => amountMicro > 0n);
    const total = due.reduce((sum, line) => sum + line.amountMicro, 0n);
    const paid = due.map(({ profileId, amountMicro }) => ({ account: { profileId }, amountMicro }));
    if (due.length > 0) {
      await post(tx, [
        {
          kind: "release",
          source: "token_sale",
          externalId: saleId,
          occurredAt: now,
          legs: [{ account: "held", amountMicro: -total }, ...paid],
        },
      ]);
    }
    await setSaleStatus(tx, [saleId], "applied", "earned");
    await emit(
      tx,
      commissionEarned,
      sale.wasPaid ? [] : due.map((line) => ({ occurredAt: now, payload: earnedPayload(saleId, line) })),
    );
    await audit(tx, {
      actor,
      action: "commission.release",
      subject: `token_sales:${saleId}`,
      details: { reason, amountMicro: String(total), lines: sale.lines.length },
    });
    return done({ released: 1, lines: sale.lines.length });
  },
});
