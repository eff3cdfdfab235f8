import { randomUUID } from "node:crypto";
import { z } from "zod";
import { audit } from "../../db/audit.ts";
import type { Tx } from "../../db/transaction.ts";
import { enqueue } from "../../queues/enqueue.ts";
import { defineJob, type JobContext, RETRIES } from "../../queues/job.ts";
import { done, type Outcome, skipped } from "../../queues/outcome.ts";
import { type Leg, post } from "../../rewards/ledger.ts";
import { insertOperatorRefund, lockRefund, type Refund, settleRefund } from "../../rewards/refunds.ts";
import {
  addRefunded,
  leftOf,
  lockStoredSale,
  type StoredSale,
  setSaleStatus,
} from "../../rewards/stored-sales.ts";
import type { EnqueueRefund } from "../../rewards/take-refunds.ts";
import { formatAmount, parseAmountMicro } from "../../scoring/money.ts";
import { refundShares } from "../../scoring/rewards/refund.ts";

const payload = z.object({
  saleId: z.string().regex(/^\d+$/).describe("the id of the sale in token_sales"),
  amount: z
    .string()
    .refine((text) => parseAmountMicro(text).kind === "amount", "must be an amount of tokens above 0")
    .optional()
    .describe("tokens that were refunded; default: all that is left of the sale"),
  refundId: z
    .string()
    .regex(/^\d+$/)
    .optional()
    .describe("the id of a refund in sale_refunds, instead of an amount"),
  actor: z.string().min(1).max(100).default("cli").describe("who decided, for the audit log"),
  reason: z.string().min(1).max(500).optional().describe("why, for the audit log"),
});
type Payload = z.output<typeof payload>;

/**
 * Takes back the stored commissions of a sale, without computing them again: all of them, or, for a refund of
 * a part of the sale, in proportion to it.
 */
export const reverseSale = defineJob<Payload>({
  name: "reverse-sale",
  queue: "commissions",
  description:
    "Takes back the commissions of a sale, or of a part of it, that was refunded or found to be fraudulent.",
  payload,
  key: ({ saleId, amount, refundId }) =>
    refundId === undefined ? (amount === undefined ? saleId : `${saleId}:${amount}`) : `refund:${refundId}`,
  ...RETRIES.days,
  run: async (input, context) => {
    const { tx, now } = context;
    const requested = input.refundId === undefined ? undefined : await lockRefund(tx, input.refundId);
    if (input.refundId !== undefined && !requested) return skipped("no such refund");
    if (requested && requested.status !== "accepted")
      return skipped(`the refund is already ${requested.status}`);
    const sale = await lockStoredSale(tx, input.saleId);
    if (!sale) return skipped("no such sale");
    const left = sale.amountMicro - sale.refundedMicro;
    const wanted = requested?.amountMicro ?? amountOf(input) ?? left;
    if (sale.status === "reversed" || wanted > left) {
      if (requested) await settleRefund(tx, requested.id, "refused", now);
      return skipped(
        sale.status === "reversed" ? "the sale is already reversed" : "more than is left of the sale",
      );
    }
    const refund = requested ?? (await operatorRefund(input, wanted, context));
    const outcome =
      wanted === left ? await reverse(tx, sale, left, now) : await takeBack(tx, sale, refund as Refund, now);
    if (refund) await settleRefund(tx, refund.id, "applied", now);
    await recordAction(tx, input, sale, wanted);
    return outcome;
  },
});

/** Enqueues the job that settles a refund which the seller sent. */
export const enqueueRefund: EnqueueRefund = (tx, refund) =>
  enqueue(tx, reverseSale, { ...refund, actor: "seller" });

function amountOf({ amount }: Payload): bigint | undefined {
  const parsed = amount === undefined ? undefined : parseAmountMicro(amount);
  return parsed?.kind === "amount" ? parsed.amountMicro : undefined;
}

/** A refund by an operator has a row like one that the seller sent. */
const operatorRefund = async (
  { saleId, amount }: Payload,
  amountMicro: bigint,
  { tx, runId }: JobContext,
): Promise<Refund | null> =>
  amount === undefined
    ? null
    : insertOperatorRefund(tx, saleId, runId === null ? randomUUID() : `run:${runId}`, amountMicro);

/** Posts the negative of all that is left of the commissions, at most once. */
async function reverse(tx: Tx, sale: StoredSale, leftMicro: bigint, now: Date): Promise<Outcome> {
  const shares = new Map(sale.lines.map((line) => [line.level, leftOf(line)]));
  const legs = legsBack(sale, shares);
  if (sale.transactionId !== null && legs.length > 0) {
    await post(tx, [
      {
        kind: "reversal",
        source: "token_sale",
        externalId: sale.id,
        occurredAt: now,
        legs,
        reverses: sale.transactionId,
      },
    ]);
  }
  await addRefunded(tx, sale.id, leftMicro, shares);
  await setSaleStatus(tx, [sale.id], "reversed", "reversed");
  return done({ reversed: 1, lines: sale.lines.length });
}

/** Posts the part of the commissions that falls on the refunded part of the sale. */
async function takeBack(tx: Tx, sale: StoredSale, refund: Refund, now: Date): Promise<Outcome> {
  const amounts = refundShares({
    saleMicro: sale.amountMicro - sale.refundedBeforeMicro,
    refundedMicro: sale.lines.length === 0 ? 0n : sale.refundedMicro - sale.refundedBeforeMicro,
    refundMicro: refund.amountMicro,
    lines: sale.lines,
  });
  const shares = new Map(sale.lines.map(({ level }, index) => [level, amounts[index] ?? 0n]));
  const legs = legsBack(sale, shares);
  if (legs.length > 0) {
    await post(tx, [{ kind: "refund", source: "sale_refund", externalId: refund.id, occurredAt: now, legs }]);
  }
  await addRefunded(tx, sale.id, refund.amountMicro, shares);
  return done({ refunded: 1, lines: legs.length > 0 ? sale.lines.length : 0 });
}

/** Moves amounts from the beneficiaries, or from the held account, back to the treasury. */
function legsBack(sale: StoredSale, shares: ReadonlyMap<number, bigint>): Leg[] {
  const total = [...shares.values()].reduce((sum, share) => sum + share, 0n);
  if (total === 0n) return [];
  const back: Leg = { account: "treasury", amountMicro: total };
  if (sale.status === "held") return [{ account: "held", amountMicro: -total }, back];
  const taken = sale.lines.flatMap(({ profileId, level }): Leg[] => {
    const share = shares.get(level) ?? 0n;
    return share === 0n ? [] : [{ account: { profileId }, amountMicro: -share }];
  });
  return [...taken, back];
}

const recordAction = (
  tx: Tx,
  { saleId, actor, reason }: Payload,
  sale: StoredSale,
  refundMicro: bigint,
): Promise<void> =>
  audit(tx, {
    actor,
    action: "sale.reverse",
    subject: `token_sales:${saleId}`,
    details: {
      reason,
      was: sale.status,
      ...(refundMicro === sale.amountMicro ? {} : { refunded: formatAmount(refundMicro) }),
    },
  });
