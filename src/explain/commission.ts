import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";
import { type DecisionInputs, decidedOnMicro, factsFrom, policyFrom } from "../rewards/decision-inputs.ts";
import { readCommissionLines, type StoredLine } from "../rewards/stored-sales.ts";
import { formatAmount } from "../scoring/money.ts";
import {
  type CommissionDecision,
  type CommissionFacts,
  decideCommission,
  type OmittedReason,
} from "../scoring/rewards/commission.ts";
import { COMMISSION_RULE_VERSION } from "../scoring/rewards/commission-policy.ts";
import { type Explanation, mismatches, type Step, step } from "./explanation.ts";

type SaleRow = {
  buyerUserId: string | null;
  profileId: string | null;
  amount: string;
  soldAt: string;
  receivedAt: string;
  status: string;
  reasons: string[];
  inputs: DecisionInputs | null;
};

const ID = /^([1-9]\d{0,17})(?::([1-5]))?$/;

/** Explains the commissions of a sale, `<saleId>`, or one line of it, `<saleId>:<level>`. */
export async function explainCommission(on: Queryable, id: string): Promise<Explanation | undefined> {
  const [, saleId, level] = ID.exec(id) ?? [];
  if (saleId === undefined) return undefined;
  const sale = await readSale(on, saleId);
  if (!sale) return undefined;
  const lines = (await readCommissionLines(on, [saleId])).get(saleId) ?? [];
  const own = lines.find((line) => String(line.level) === level);
  if (level !== undefined && !own) return undefined;
  const header = {
    kind: "commission",
    id,
    title: titleOf(saleId, sale, own),
    ownerUserId: own?.userId ?? null,
  } as const;
  if (sale.inputs === null) {
    return {
      ...header,
      agrees: true,
      faults: [],
      steps: [step("sale", `${sale.status}: no decision yet`)],
    };
  }
  const decision = decideCommission(storedFacts(saleId, sale, sale.inputs), policyFrom(sale.inputs));
  const faults = [...faultsOfSale(sale, sale.inputs, decision), ...faultsOfLines(lines, decision)];
  const steps = [
    ...stepsOfSale(sale, sale.inputs, decision),
    ...lines.filter((line) => !own || line === own).map(stepOfLine),
  ];
  return { ...header, agrees: faults.length === 0, faults, steps };
}

const titleOf = (saleId: string, { amount, status }: SaleRow, own: StoredLine | undefined): string =>
  `Sale ${saleId} of ${tokens(amount)}${own ? `, level ${own.level}` : ""} (${status})`;

async function readSale(on: Queryable, saleId: string): Promise<SaleRow | undefined> {
  const [row] = await rows<SaleRow>(
    on,
    sql`select p.user_id as "buyerUserId", s.profile_id as "profileId", s.amount_micro::text as amount, s.sold_at as "soldAt",
               s.received_at as "receivedAt", s.status, s.reasons, s.inputs
        from token_sales s left join volunteer_profiles p on p.id = s.profile_id where s.id = ${saleId}`,
  );
  return row;
}

const tokens = (micro: bigint | string): string => formatAmount(BigInt(micro));

const storedFacts = (saleId: string, sale: SaleRow, inputs: DecisionInputs): CommissionFacts =>
  factsFrom(
    {
      saleId,
      amountMicro: BigInt(sale.amount),
      soldAt: new Date(sale.soldAt),
      receivedAt: new Date(sale.receivedAt),
      buyer:
        sale.profileId === null || sale.buyerUserId === null
          ? null
          : { userId: sale.buyerUserId, profileId: sale.profileId },
    },
    inputs,
  );

/** Why a level of the chain earns nothing. */
const OMITTED: Readonly<Record<OmittedReason, string>> = {
  buyer: "self-referral, the referrer is the buyer",
  "repeated-person": "the person is in the chain at a lower level as well",
  "below-minimum": "below-minimum",
};

const dueLines = (decision: CommissionDecision) =>
  decision.kind === "award" || decision.kind === "hold" ? decision.lines : [];

/** The reasons of a held sale stay, whatever an operator decides later. */
function reasonsOf(decision: CommissionDecision): readonly string[] {
  if (decision.kind === "unresolved") return ["no-profile"];
  return decision.kind === "none" ? [decision.reason] : decision.reasons;
}

const faultsOfSale = (sale: SaleRow, inputs: DecisionInputs, decision: CommissionDecision): string[] =>
  mismatches([
    ["rules", inputs.ruleVersion, COMMISSION_RULE_VERSION],
    ["reasons", sale.reasons.join(", "), reasonsOf(decision).join(", ")],
  ]);

function faultsOfLines(lines: readonly StoredLine[], decision: CommissionDecision): string[] {
  const due = new Map(dueLines(decision).map((line) => [line.level, line]));
  const stored = new Map(lines.map((line) => [line.level, line]));
  return [1, 2, 3, 4, 5].flatMap((level) => {
    const [line, other] = [stored.get(level), due.get(level)];
    return mismatches([
      [`level ${level}`, line && tokens(line.amountMicro), other && tokens(other.amountMicro)],
      [`beneficiary of level ${level}`, line?.profileId, other?.profileId],
      [`rate of level ${level}`, line?.rateBps, other?.rateBps],
    ]);
  });
}

function stepsOfSale(sale: SaleRow, inputs: DecisionInputs, decision: CommissionDecision): Step[] {
  const rates = inputs.ratesBps.map((rate) => `${rate / 100} %`).join(", ");
  const start = [
    step(
      "rates",
      `${rates} for levels 1 to ${inputs.ratesBps.length}; a level below ${inputs.minimum} is omitted`,
    ),
  ];
  if (decision.kind === "unresolved")
    return [...start, step("decision", "none yet: the buyer has no profile")];
  if (decision.kind === "none") return [...start, step("decision", `nothing to pay: ${decision.reason}`)];
  const due = decision.lines.reduce((sum, { rateBps }) => sum + rateBps, 0);
  return [
    ...start,
    ...decision.omitted.map(({ level, reason }) => step(`level ${level}`, `omitted: ${OMITTED[reason]}`)),
    step(
      "total",
      `${tokens(decidedOnMicro(BigInt(sale.amount), inputs))} x ${due / 100} % = ${tokens(decision.totalMicro)}, rounded half up to 0.01`,
    ),
    step(
      "signals",
      decision.reasons.length === 0 ? `none: ${paidSince(inputs)}` : `held: ${decision.reasons.join(", ")}`,
    ),
    ...(inputs.rechecks ?? []).map((late) =>
      step("recheck", `sale ${late} arrived late: this one was sold after it, and was decided again`),
    ),
  ];
}

const paidSince = ({ rechecks }: DecisionInputs): string =>
  rechecks ? "paid since the last recheck" : "paid immediately";

const stepOfLine = ({ level, rateBps, amountMicro, reversedMicro, status }: StoredLine): Step => {
  const takenBack = reversedMicro === 0n ? "" : `; ${tokens(reversedMicro)} of it was taken back by refunds`;
  return step(
    `level ${level}`,
    `${rateBps / 100} % of the amount, by largest remainder: ${tokens(amountMicro)} (${status})${takenBack}`,
  );
};
