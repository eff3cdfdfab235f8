import type { PairTerm } from "./score-pair.ts";
import { type Hideable, hiddenParts } from "./search/search-row.ts";

/** For each term, the hideable facts that it is computed from. */
const TOLD_BY: Readonly<Partial<Record<PairTerm, Hideable>>> = {
  traits: "traits",
  interests: "interests",
  proximity: "location_text",
};

/**
 * The terms of a pair that would reveal what the candidate hides: they are not shown to users.
 *
 * @param columns what the candidate hides, as the host names it.
 */
export function hiddenTerms(columns: readonly string[]): ReadonlySet<PairTerm> {
  const hidden = hiddenParts(columns);
  return new Set(
    (Object.keys(TOLD_BY) as PairTerm[]).filter((term) => hidden.has(TOLD_BY[term] as Hideable)),
  );
}
