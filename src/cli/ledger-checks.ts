import { CHECK_NAMES, CHECKS, type CheckName } from "../rewards/invariants.ts";

/** An invariant of the ledger, and how many violations of it were found. */
export type LedgerCheck = { readonly check: CheckName; readonly promise: string; readonly faults: number };

/** Reads the counts of a run of verify-ledger. */
export const ledgerChecks = (counts: Readonly<Record<string, number>>): LedgerCheck[] =>
  CHECK_NAMES.map((check) => ({
    check,
    promise: CHECKS[check].promise,
    faults: counts[`drift-${check}`] ?? 0,
  }));
