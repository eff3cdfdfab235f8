import { type CommissionFacts, decideCommission } from "./commission.ts";
import type { HoldReason } from "./commission-holds.ts";
import { COMMISSION_RULE_VERSION, type CommissionPolicy } from "./commission-policy.ts";

/** A settled sale whose commissions are paid or held. */
export interface SettledCommission {
  readonly status: "applied" | "held";
  /** Empty for a sale that was paid at once; those of a hold stay when an operator releases it. */
  readonly reasons: readonly string[];
  readonly ruleVersion: number;
}

export type CommissionRecheck =
  /** The decision stays. */
  | { readonly kind: "same" }
  /** It was paid, and is held now. */
  | { readonly kind: "hold"; readonly reasons: readonly HoldReason[] }
  /** It was held, and nothing holds it now. */
  | { readonly kind: "award" }
  /** It stays held, for other reasons. */
  | { readonly kind: "reasons"; readonly reasons: readonly HoldReason[] }
  /** An operator has paid it without knowing of `reasons`. It stays paid. */
  | { readonly kind: "released"; readonly reasons: readonly HoldReason[] };

/**
 * Decides again about a settled sale, from its stored facts and the current windows. Only holds depend on
 * windows, so the lines of a decision never change. An operator's decision stands, and so does one that was
 * made by another version of the rules.
 */
export function recheckCommission(
  settled: SettledCommission,
  facts: CommissionFacts,
  policy: CommissionPolicy,
): CommissionRecheck {
  if (settled.ruleVersion !== COMMISSION_RULE_VERSION) return { kind: "same" };
  const decision = decideCommission(facts, policy);
  if (decision.kind !== "award" && decision.kind !== "hold") return { kind: "same" };
  const { reasons } = decision;
  if (settled.status === "held") {
    if (reasons.length === 0) return { kind: "award" };
    return isSame(reasons, settled.reasons) ? { kind: "same" } : { kind: "reasons", reasons };
  }
  if (settled.reasons.length === 0)
    return reasons.length === 0 ? { kind: "same" } : { kind: "hold", reasons };
  const unknown = reasons.filter((reason) => !settled.reasons.includes(reason));
  return unknown.length === 0 ? { kind: "same" } : { kind: "released", reasons: unknown };
}

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((reason, index) => reason === b[index]);
