import { sql } from "drizzle-orm";
import { type AuditRow, auditAll } from "../db/audit.ts";
import { array } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { formatAmount } from "../scoring/money.ts";
import type { CommissionRecheck } from "../scoring/rewards/commission-recheck.ts";
import { type DecisionInputs, historyInputs } from "./decision-inputs.ts";
import { type Leg, type Posting, post } from "./ledger.ts";
import { RECHECK_ACTION, type SettledSale } from "./settled-sales.ts";
import { leftOf, readCommissionLines, type StoredLine, setSaleStatus } from "./stored-sales.ts";

/** A decision that a late sale changed. */
export type ChangedDecision = {
  readonly sale: SettledSale;
  readonly lateId: string;
  readonly recheck: Exclude<CommissionRecheck, { readonly kind: "same" }>;
};

/** The commissions that a changed decision concerns: the remaining lines of the sale after refunds. */
export type RecheckedCommissions = ChangedDecision & {
  readonly lines: readonly StoredLine[];
  readonly totalMicro: bigint;
};

/**
 * Records how late sales changed earlier decisions, with an audit row for each. Commissions that an operator
 * has released stay paid.
 */
export async function recordRechecks(
  tx: Tx,
  changed: readonly ChangedDecision[],
): Promise<RecheckedCommissions[]> {
  if (changed.length === 0) return [];
  const lines = await readCommissionLines(
    tx,
    changed.map(({ sale }) => sale.id),
  );
  const rechecked = changed.map((change) => ({ ...change, ...leftFrom(lines.get(change.sale.id) ?? []) }));
  await auditAll(tx, rechecked.map(auditRowOf));
  await recordDecisions(tx, changed);
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

function leftFrom(stored: readonly StoredLine[]): Pick<RecheckedCommissions, "lines" | "totalMicro"> {
  const lines = stored
    .map((line) => ({ ...line, amountMicro: leftOf(line), reversedMicro: 0n }))
    .filter(({ amountMicro }) => amountMicro > 0n);
  return { lines, totalMicro: lines.reduce((sum, { amountMicro }) => sum + amountMicro, 0n) };
}

async function recordDecisions(tx: Tx, changed: readonly ChangedDecision[]): Promise<void> {
  const decided = changed.filter(({ recheck }) => recheck.kind !== "released");
  await tx.execute(
    sql`update token_sales s set reasons = string_to_array(d.reasons, ','), inputs = d.inputs::jsonb
        from unnest(${array(decided.map(({ sale }) => sale.id))}::bigint[],
                    ${array(decided.map(({ recheck }) => reasonsOf(recheck).join(",")))}::text[],
                    ${array(decided.map((change) => JSON.stringify(newInputs(change))))}::text[]) as d(id, reasons, inputs)
        where s.id = d.id`,
  );
  const idsOf = (kind: "hold" | "award") =>
    decided.filter(({ recheck }) => recheck.kind === kind).map(({ sale }) => sale.id);
  await setSaleStatus(tx, idsOf("hold"), "held", "held");
  await setSaleStatus(tx, idsOf("award"), "applied", "earned");
}

const reasonsOf = (recheck: ChangedDecision["recheck"]): readonly string[] =>
  recheck.kind === "award" ? [] : recheck.reasons;

/** The inputs with the current windows, and the late sales that moved the commissions. */
function newInputs(change: ChangedDecision): DecisionInputs {
  const { sale, lateId } = change;
  const { rechecks = [], ...inputs } = sale.inputs;
  return {
    ...inputs,
    history: historyInputs(sale.facts.buyerHistory),
    ...(isMove(change) ? { rechecks: [...rechecks, lateId] } : rechecks.length > 0 ? { rechecks } : {}),
  };
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

const auditRowOf = ({ sale, lateId, recheck, totalMicro }: RecheckedCommissions): AuditRow => ({
  actor: "service",
  action: RECHECK_ACTION,
  subject: `token_sales:${sale.id}`,
  details: {
    lateSale: lateId,
    was: sale.status,
    now: BECOMES[recheck.kind],
    reasons: reasonsOf(recheck),
    amount: formatAmount(totalMicro),
  },
});
