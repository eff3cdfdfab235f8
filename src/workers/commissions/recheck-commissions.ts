import { z } from "zod";
import type { Tx } from "../../db/transaction.ts";
import { emit } from "../../events/event.ts";
import { commissionEarned, commissionHeld } from "../../events/rewards.ts";
import { groupBy } from "../../group-by.ts";
import { enqueueMany } from "../../queues/enqueue.ts";
import { type BatchJob, defineJob, type JobContext, RETRIES } from "../../queues/job.ts";
import { type Counts, done, type Outcome, skipped } from "../../queues/outcome.ts";
import { policyFrom } from "../../rewards/decision-inputs.ts";
import { findLaterSales, type LateSale, readLateSales } from "../../rewards/later-sales.ts";
import { earnedPayload } from "../../rewards/record-commissions.ts";
import {
  type ChangedDecision,
  postRechecks,
  type RecheckedCommissions,
  recordRechecks,
} from "../../rewards/record-rechecks.ts";
import { lockSettledSales, type SettledSale } from "../../rewards/settled-sales.ts";
import { formatAmount } from "../../scoring/money.ts";
import { recheckCommission } from "../../scoring/rewards/commission-recheck.ts";

/** Sales of a buyer that one transaction decides again. */
const SALES_AT_ONCE = 50;
const MONTH_MS = 30 * 24 * 3_600_000;

const payload = z.object({
  saleId: z.string().regex(/^\d+$/).describe("the id of the late sale in token_sales"),
  after: z
    .string()
    .regex(/^\d+$/)
    .optional()
    .describe("continues after the sale of this id; default: begins with the first of the buyer"),
});
type Payload = z.output<typeof payload>;

/**
 * Decides again about sales of a buyer that were settled before one that was sold earlier: it is part of the
 * windows that their decisions depend on (docs/decisions/0200). The late sales of one buyer are checked
 * together.
 */
export const recheckCommissions: BatchJob<Payload> = defineJob({
  name: "recheck-commissions",
  queue: "commissions",
  description: "Re-evaluates a buyer's settled sales after an earlier sale of theirs arrived late.",
  payload,
  key: ({ saleId }) => saleId,
  ...RETRIES.days,
  batch: { size: 200 },
  runBatch: async (payloads, context) => {
    const { tx, now } = context;
    const late = await readLateSales(
      tx,
      payloads.map(({ saleId }) => saleId),
    );
    const groups = [...groupBy(late, ({ userId }) => userId).values()];
    const found = await findOfBuyers(groups, payloads, context);
    // Of all buyers at once, in the order of ids: two groups cannot deadlock.
    const sales = await lockSettledSales(tx, [...found.values()].flat());
    const changed = await recordRechecks(
      tx,
      groups.flatMap((group) =>
        sales
          .filter(({ facts }) => facts.buyer?.userId === group[0]?.userId)
          .flatMap((sale) => decideAgain(sale, group)),
      ),
    );
    await emitMoves(tx, changed, now);
    await postRechecks(tx, changed, now);
    return outcomesOf(payloads, groups, changed);
  },
});

/**
 * Finds what to decide again for each buyer, up to a limit; the rest is enqueued.
 *
 * @param groups the late sales of each buyer, by time of sale.
 */
async function findOfBuyers(
  groups: readonly (readonly LateSale[])[],
  payloads: readonly Payload[],
  { tx, settings }: JobContext,
): Promise<Map<string, readonly string[]>> {
  const idsOf = new Map<string, readonly string[]>();
  let room = SALES_AT_ONCE;
  for (const group of groups) {
    const { userId } = group[0] as LateSale;
    const after = startOf(group, payloads);
    const later = await findLaterSales(tx, group, settings.commissions.limits);
    const left = later.filter((id) => BigInt(id) > after);
    const ids = left.slice(0, room);
    room -= ids.length;
    idsOf.set(userId, ids);
    if (left.length === ids.length) continue;
    const rest = group.map(({ id }) => ({ saleId: id, after: ids.at(-1) ?? String(after) }));
    await enqueueMany(tx, recheckCommissions, rest);
  }
  return idsOf;
}

/** Continues with the buyer whose position is the earliest: looking at a sale twice changes nothing. */
function startOf(late: readonly LateSale[], payloads: readonly Payload[]): bigint {
  const ids = new Set(late.map(({ id }) => id));
  const starts = payloads.filter(({ saleId }) => ids.has(saleId)).map(({ after }) => BigInt(after ?? 0));
  return starts.sort((a, b) => (a < b ? -1 : 1))[0] ?? 0n;
}

/** What changed counts for the first late sale of each buyer. */
function outcomesOf(
  payloads: readonly Payload[],
  groups: readonly (readonly LateSale[])[],
  changed: readonly RecheckedCommissions[],
): Outcome[] {
  const outcomes = new Map<string, Outcome>();
  for (const group of groups) {
    const own = changed.filter(({ sale }) => sale.facts.buyer?.userId === group[0]?.userId);
    group.forEach(({ id }, index) => {
      const first = own.length === 0 ? skipped("no decision changes") : done(countKinds(own));
      outcomes.set(id, index === 0 ? first : skipped("rechecked together with another sale of its buyer"));
    });
  }
  return payloads.map(({ saleId }) => outcomes.get(saleId) ?? skipped("no such settled sale"));
}

function decideAgain(sale: SettledSale, late: readonly LateSale[]): ChangedDecision[] {
  const { status, reasons, inputs, recheckedFor, facts } = sale;
  const soldAtMs = facts.soldAt.getTime();
  const isBefore = (one: LateSale) =>
    one.soldAtMs < soldAtMs || (one.soldAtMs === soldAtMs && BigInt(one.id) < BigInt(sale.id));
  const cause = late.find(
    (one) => isBefore(one) && soldAtMs < one.soldAtMs + MONTH_MS && !recheckedFor.includes(one.id),
  );
  if (!cause) return [];
  const settled = { status, reasons, ruleVersion: inputs.ruleVersion };
  const recheck = recheckCommission(settled, facts, policyFrom(inputs));
  return recheck.kind === "same" ? [] : [{ sale, lateId: cause.id, recheck }];
}

const COUNTED = { hold: "held", award: "paid", reasons: "stillHeld", released: "leftPaid" } as const;

function countKinds(rechecked: readonly RecheckedCommissions[]): Counts {
  const counts: Record<string, number> = {};
  for (const { recheck } of rechecked) {
    const name = COUNTED[recheck.kind];
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** Operators are notified of every new hold; beneficiaries of what they earn, once for each sale. */
async function emitMoves(tx: Tx, rechecked: readonly RecheckedCommissions[], now: Date): Promise<void> {
  const paid = rechecked.filter(({ sale, recheck }) => recheck.kind === "award" && !sale.inputs.rechecks);
  const held = rechecked.flatMap(({ sale, recheck, totalMicro }) =>
    recheck.kind === "hold"
      ? [{ sale_id: sale.id, amount: formatAmount(totalMicro), reasons: [...recheck.reasons] }]
      : [],
  );
  await emit(
    tx,
    commissionEarned,
    paid.flatMap(({ sale, lines }) =>
      lines.map((line) => ({ occurredAt: now, payload: earnedPayload(sale.id, line) })),
    ),
  );
  await emit(
    tx,
    commissionHeld,
    held.map((payload) => ({ occurredAt: now, payload })),
  );
}
