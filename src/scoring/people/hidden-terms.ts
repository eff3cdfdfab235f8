import type { PairTerm } from "./score-pair.ts";
import { type Hideable, hiddenParts } from "./search/search-row.ts";

/** What a term is computed from, of that which somebody may hide. */
const TOLD_BY: Readonly<Partial<Record<PairTerm, Hideable>>> = {
  traits: "traits",
  interests: "interests",
  proximity: "location_text",
};

/**
 * The terms of a pair that tell something about what the candidate hides: users are not told of them.
 *
 * @param columns what the candidate hides, as the host names it.
 */
export function hiddenTerms(columns: readonly string[]): ReadonlySet<PairTerm> {
  const hidden = hiddenParts(columns);
  return new Set(
    (Object.keys(TOLD_BY) as PairTerm[]).filter((term) => hidden.has(TOLD_BY[term] as Hideable)),
  );
}
