import { sql } from "drizzle-orm";
import { audit } from "../db/audit.ts";
import type { Tx } from "../db/transaction.ts";
import { formatAmount } from "../scoring/money.ts";
import type { CommissionRecheck } from "../scoring/rewards/commission-recheck.ts";
import { type DecisionInputs, historyInputs } from "./decision-inputs.ts";
import { type Leg, type Posting, post } from "./ledger.ts";
import { RECHECK_ACTION, type SettledSale } from "./settled-sales.ts";
import { leftOf, lockStoredSale, type StoredLine, setSaleStatus } from "./stored-sales.ts";

/** A decision that a late sale changed. */
export type ChangedDecision = {
  readonly sale: SettledSale;
  readonly lateId: string;
  readonly recheck: Exclude<CommissionRecheck, { readonly kind: "same" }>;
};

/** The commissions that a changed decision is about: the lines that are left of the sale after refunds. */
export type RecheckedCommissions = ChangedDecision & {
  readonly lines: readonly StoredLine[];
  readonly totalMicro: bigint;
};

/**
 * Records what late sales changed about decisions that were made before them, with an audit row for each.
 * What an operator has released stays paid.
 */
export async function recordRechecks(
  tx: Tx,
  changed: readonly ChangedDecision[],
): Promise<RecheckedCommissions[]> {
  // Sent together: one after the other, they would take too long for a transaction.
  const rechecked = await Promise.all(
    changed.map(async (change) => ({ ...change, ...(await linesLeft(tx, change.sale.id)) })),
  );
  await Promise.all(rechecked.flatMap((one) => [recordAudit(tx, one), recordDecision(tx, one)]));
  return rechecked;
}

/**
 * Moves commissions between their beneficiaries and the held account, by a ledger transaction for each sale.
 * Called last, since it locks balances that others wait for.
 */
export const postRechecks = (tx: Tx, rechecked: readonly RecheckedCommissions[], now: Date): Promise<void> =>
  post(
    tx,
    rechecked.filter((one) => isMove(one) && one.totalMicro > 0n).map((one) => postingOf(one, now)),
  );

/** Whether the commissions of a sale move into the held account or out of it. */
const isMove = ({ recheck: { kind } }: ChangedDecision): boolean => kind === "hold" || kind === "award";

async function linesLeft(
  tx: Tx,
  saleId: string,
): Promise<Pick<RecheckedCommissions, "lines" | "totalMicro">> {
  const stored = await lockStoredSale(tx, saleId);
  const lines = (stored?.lines ?? [])
    .map((line) => ({ ...line, amountMicro: leftOf(line), reversedMicro: 0n }))
    .filter(({ amountMicro }) => amountMicro > 0n);
  return { lines, totalMicro: lines.reduce((sum, { amountMicro }) => sum + amountMicro, 0n) };
}

async function recordDecision(tx: Tx, change: ChangedDecision): Promise<void> {
  const { sale, lateId, recheck } = change;
  if (recheck.kind === "released") return;
  const reasons = recheck.kind === "award" ? [] : recheck.reasons;
  const { rechecks = [], ...inputs } = sale.inputs;
  const newInputs: DecisionInputs = {
    ...inputs,
    history: historyInputs(sale.facts.buyerHistory),
    ...(isMove(change) ? { rechecks: [...rechecks, lateId] } : rechecks.length > 0 ? { rechecks } : {}),
  };
  await tx.execute(
    sql`update token_sales set reasons = string_to_array(${reasons.join(",")}, ','), inputs = ${JSON.stringify(newInputs)}::jsonb
        where id = ${sale.id}`,
  );
  if (recheck.kind === "hold") await setSaleStatus(tx, sale.id, "held", "held");
  if (recheck.kind === "award") await setSaleStatus(tx, sale.id, "applied", "earned");
}

/** One late sale moves the commissions of another at most once: the ids of both are the key. */
function postingOf({ sale, lateId, recheck, lines, totalMicro }: RecheckedCommissions, now: Date): Posting {
  const sign = recheck.kind === "hold" ? -1n : 1n;
  const legs = lines.map(
    ({ profileId, amountMicro }): Leg => ({ account: { profileId }, amountMicro: sign * amountMicro }),
  );
  return {
    kind: "recheck",
    source: "sale_recheck",
    externalId: `${sale.id}/${lateId}`,
    occurredAt: now,
    legs: [{ account: "held", amountMicro: -sign * totalMicro }, ...legs],
  };
}

const BECOMES = { hold: "held", award: "paid", reasons: "still held", released: "left paid" } as const;

function recordAudit(tx: Tx, { sale, lateId, recheck, totalMicro }: RecheckedCommissions): Promise<void> {
  return audit(tx, {
    actor: "service",
    action: RECHECK_ACTION,
    subject: `token_sales:${sale.id}`,
    details: {
      lateSale: lateId,
      was: sale.status,
      now: BECOMES[recheck.kind],
      reasons: recheck.kind === "award" ? [] : recheck.reasons,
      amount: formatAmount(totalMicro),
    },
  });
}
