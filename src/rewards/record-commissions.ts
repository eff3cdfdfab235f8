import { array, prepared } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { formatAmount } from "../scoring/money.ts";
import type { CommissionLine } from "../scoring/rewards/commission.ts";
import type { CommissionPolicy } from "../scoring/rewards/commission-policy.ts";
import { inputsOf } from "./decision-inputs.ts";
import { type Posting, post } from "./ledger.ts";
import type { DecidedSale } from "./sale-facts.ts";

/** Decisions that move tokens in the ledger. */
type Payable = DecidedSale & {
  readonly decision: Extract<DecidedSale["decision"], { kind: "award" | "hold" }>;
};

const payable = (decided: readonly DecidedSale[]): Payable[] =>
  decided.filter((d): d is Payable => d.decision.kind === "award" || d.decision.kind === "hold");

/**
 * Records decisions: ledger transactions, commission rows, and the status of each sale with the facts of its
 * decision.
 */
export async function recordCommissions(
  tx: Tx,
  decided: readonly DecidedSale[],
  policy: CommissionPolicy,
  now: Date,
): Promise<void> {
  if (decided.length === 0) return;
  // The statements do not depend on each other, so they are pipelined; post is last, since it locks balances
  // that others wait for.
  await Promise.all([
    insertCommissions(tx, payable(decided), now),
    settleSales(tx, decided, policy, now),
    post(
      tx,
      payable(decided).map((d) => postingOf(d, now)),
    ),
  ]);
}

/** From the treasury to the beneficiaries, or to the held account. */
function postingOf({ decision }: Payable, now: Date): Posting {
  const legs =
    decision.kind === "hold"
      ? [{ account: "held" as const, amountMicro: decision.totalMicro }]
      : decision.lines.map((line) => ({
          account: { profileId: line.profileId },
          amountMicro: line.amountMicro,
        }));
  return {
    kind: "commission",
    source: "token_sale",
    externalId: decision.saleId,
    occurredAt: now,
    legs: [{ account: "treasury", amountMicro: -decision.totalMicro }, ...legs],
  };
}

async function insertCommissions(tx: Tx, decided: readonly Payable[], now: Date): Promise<void> {
  const lines = decided.flatMap(({ decision }) =>
    decision.lines.map((line) => ({
      ...line,
      saleId: decision.saleId,
      status: decision.kind === "hold" ? "held" : "earned",
    })),
  );
  if (lines.length === 0) return;
  await tx.execute(
    prepared`insert into commissions (sale_id, beneficiary_id, level, rate_bps, amount_micro, status, created_at)
        select l.sale_id, l.beneficiary_id, l.level, l.rate_bps, l.amount_micro, l.status, ${now}::timestamptz
        from unnest(${array(lines.map((l) => l.saleId))}::bigint[], ${array(lines.map((l) => l.profileId))}::bigint[],
                    ${array(lines.map((l) => l.level))}::smallint[], ${array(lines.map((l) => l.rateBps))}::int[],
                    ${array(lines.map((l) => String(l.amountMicro)))}::bigint[], ${array(lines.map((l) => l.status))}::text[])
             as l(sale_id, beneficiary_id, level, rate_bps, amount_micro, status)`,
  );
}

const STATUS = { unresolved: "unresolved", none: "applied", award: "applied", hold: "held" } as const;

async function settleSales(
  tx: Tx,
  decided: readonly DecidedSale[],
  policy: CommissionPolicy,
  now: Date,
): Promise<void> {
  const settled = decided.map(({ facts, decision }) => ({
    id: facts.saleId,
    status: STATUS[decision.kind],
    profileId: facts.buyer?.profileId ?? null,
    reasons: reasonsOf(decision).join(","),
    inputs: JSON.stringify(inputsOf(facts, policy)),
  }));
  await tx.execute(
    prepared`update token_sales s set status = d.status, settled_at = ${now}::timestamptz, profile_id = d.profile_id,
               reasons = string_to_array(d.reasons, ','), inputs = d.inputs::jsonb
        from unnest(${array(settled.map((s) => s.id))}::bigint[], ${array(settled.map((s) => s.status))}::text[],
                    ${array(settled.map((s) => s.profileId))}::bigint[], ${array(settled.map((s) => s.reasons))}::text[],
                    ${array(settled.map((s) => s.inputs))}::text[]) as d(id, status, profile_id, reasons, inputs)
        where s.id = d.id`,
  );
}

function reasonsOf(decision: DecidedSale["decision"]): readonly string[] {
  if (decision.kind === "none") return [decision.reason];
  return decision.kind === "unresolved" ? ["no-profile"] : decision.reasons;
}

/** The events for beneficiaries. */
export function earnedEvents(decided: readonly DecidedSale[], now: Date) {
  return payable(decided)
    .filter(({ decision }) => decision.kind === "award")
    .flatMap(({ decision }) =>
      decision.lines.map((line) => ({ occurredAt: now, payload: earnedPayload(decision.saleId, line) })),
    );
}

export const earnedPayload = (
  saleId: string,
  line: Pick<CommissionLine, "userId" | "profileId" | "level" | "amountMicro">,
) => ({
  user_id: line.userId,
  profile_id: line.profileId,
  sale_id: saleId,
  level: line.level,
  amount: formatAmount(line.amountMicro),
});

/** The events for operators. */
export function heldEvents(decided: readonly DecidedSale[], now: Date) {
  return payable(decided)
    .filter(({ decision }) => decision.kind === "hold")
    .map(({ decision }) => ({
      occurredAt: now,
      payload: {
        sale_id: decision.saleId,
        amount: formatAmount(decision.totalMicro),
        reasons: [...decision.reasons],
      },
    }));
}
