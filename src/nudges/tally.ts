import type { Counts } from "../queues/outcome.ts";

type Decided = { readonly kind: string; readonly reason?: string };

/** Counts why nothing was done, by reason: `{ declined: 3 }`. */
export function tallyOf(decisions: readonly Decided[]): Counts {
  const counts: Record<string, number> = {};
  for (const { kind, reason } of decisions) {
    if (kind === "none" && reason !== undefined) counts[reason] = (counts[reason] ?? 0) + 1;
  }
  return counts;
}
