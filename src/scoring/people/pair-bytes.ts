import type { CompatibilityTerms } from "./compatibility.ts";
import { PAIR_TERMS, type PairTerms } from "./score-pair.ts";

// Stored terms have a byte each, in this order: the functions pair_terms and compatibility_terms of the
// database read them.

const COMPATIBILITY_ORDER = ["traits", "interests", "quality", "fit"] as const;

export const PAIR_TERM_BYTES = PAIR_TERMS.length;
export const COMPATIBILITY_BYTES = COMPATIBILITY_ORDER.length;

/** byte = term x 255, rounded. */
const byteOf = (term: number): number => Math.round(term * 255);

/** Writes the terms of a pair from an index on. */
export function writePairBytes(bytes: Uint8Array, at: number, terms: PairTerms): void {
  for (let n = 0; n < PAIR_TERM_BYTES; n++) bytes[at + n] = byteOf(terms[PAIR_TERMS[n] as keyof PairTerms]);
}

/** The same of terms in the order of PAIR_TERMS. */
export function writePairTerms(bytes: Uint8Array, at: number, terms: ArrayLike<number>): void {
  for (let n = 0; n < PAIR_TERM_BYTES; n++) bytes[at + n] = byteOf(terms[n] as number);
}

/** Writes the terms of a compatibility from an index on. */
export function writeCompatibilityBytes(bytes: Uint8Array, at: number, terms: CompatibilityTerms): void {
  for (let n = 0; n < COMPATIBILITY_BYTES; n++)
    bytes[at + n] = byteOf(terms[COMPATIBILITY_ORDER[n] as keyof CompatibilityTerms]);
}
