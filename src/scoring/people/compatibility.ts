import { countCommon } from "./interest-sets.ts";
import type { Person } from "./person.ts";
import { fitTerm, MISSING, qualityTerm, traitsTerm } from "./score-pair.ts";

/** Shares of the terms in a compatibility; their sum is 1. */
export const COMPATIBILITY_WEIGHTS = { traits: 0.45, interests: 0.25, quality: 0.1, fit: 0.2 } as const;

/** Each from 0 to 1, unweighted. */
export type CompatibilityTerms = { readonly [Term in keyof typeof COMPATIBILITY_WEIGHTS]: number };

export type Compatibility =
  | { readonly status: "SCORED"; readonly score: number; readonly terms: CompatibilityTerms }
  | { readonly status: "INSUFFICIENT_DATA"; readonly score: null };

/**
 * compatibility = 0.45 traits + 0.25 interests + 0.1 quality + 0.2 fit, from 0 to 1; the terms are those of a
 * pair score, except interests: common / sqrt(a x b), the cosine of the sets. Without a signal of either
 * person there is no score.
 */
export function compatibilityOf(viewer: Person, target: Person): Compatibility {
  if (!hasSignals(viewer) && !hasSignals(target)) return { status: "INSUFFICIENT_DATA", score: null };
  const terms: CompatibilityTerms = {
    traits: traitsTerm(viewer, target),
    interests: interestsCosine(viewer.interests, target.interests),
    quality: qualityTerm(target),
    fit: fitTerm(viewer, target),
  };
  const w = COMPATIBILITY_WEIGHTS;
  const score =
    w.traits * terms.traits + w.interests * terms.interests + w.quality * terms.quality + w.fit * terms.fit;
  return { status: "SCORED", score, terms };
}

/** A signal is anything that a term reads. */
const hasSignals = ({ traitIds, quiz, interests, quality, given }: Person): boolean =>
  traitIds.length > 0 || quiz !== null || interests.length > 0 || quality !== null || given !== null;

function interestsCosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length === 0 || b.length === 0) return MISSING.interests;
  return countCommon(a, b) / Math.sqrt(a.length * b.length);
}
