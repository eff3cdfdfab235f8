import { hashOfText, mixBits } from "../text-hash.ts";
import { wordsOf } from "./words.ts";

// Near-duplicates by MinHash over word shingles (Broder 1997), in bands (LSH), verified by exact Jaccard.

/** Words of a shingle. With fewer, texts of one template would count as copies. */
const SHINGLE_WORDS = 5;
/** Only this many words of a text are compared. */
const MAX_WORDS = 2_000;
/** Shorter texts are not compared. */
const MIN_WORDS = 20;
const BANDS = 16;
const ROWS = 4;

/** The words of a description that are compared; null if there are too few. */
export function comparedWords(description: string): readonly string[] | null {
  const words = wordsOf(description).slice(0, MAX_WORDS);
  return words.length < MIN_WORDS ? null : words;
}

/** One hash function for each row, of 32 bits. */
const SEEDS = [0x9e3779b9, 0x6d2b79f5, 0x1b873593, 0x85ebca77] as const;
/** The upper bits of a hash choose its band. */
const BAND_SHIFT = 28;
const NONE = 0xffffffff;

/**
 * The buckets of a text within its company and place: two texts with Jaccard J share one with probability
 * 1 - (1 - J^4)^16, which is 0.9998 at 0.8 and 0.64 at 0.5.
 *
 * @returns 16 integers of 52 bits.
 */
export function bucketsOf(words: readonly string[], company: string, place: string): number[] {
  const minima = minHash(words);
  const seed = mixBits(hashOfText(company) ^ Math.imul(hashOfText(place), 0x85ebca6b));
  const buckets: number[] = [];
  for (let band = 0; band < BANDS; band++) {
    let [high, low] = [mixBits(seed + band), mixBits(seed ^ 0x5bd1e995) + band];
    for (let row = 0; row < ROWS; row++) {
      const minimum = minima[band * ROWS + row] as number;
      high = mixBits(high ^ minimum);
      low = mixBits(Math.imul(low, 31) + minimum);
    }
    buckets.push((high >>> 12) * 2 ** 32 + (low >>> 0));
  }
  return buckets;
}

/**
 * One-permutation hashing (Li et al. 2012): each hash function spreads the shingles over the bands, and the
 * least value in a band is its minimum. That is one operation for a shingle and function instead of 16. A
 * band without a shingle borrows from the next one that has some (Shrivastava and Li 2014).
 */
function minHash(words: readonly string[]): Uint32Array {
  const minima = new Uint32Array(BANDS * ROWS).fill(NONE);
  const hashes = words.map(hashOfText);
  for (let at = 0; at + SHINGLE_WORDS <= hashes.length; at++) {
    let shingle = 0;
    for (let i = 0; i < SHINGLE_WORDS; i++)
      shingle = mixBits(Math.imul(shingle, 31) + (hashes[at + i] as number));
    for (let row = 0; row < ROWS; row++) {
      const hash = mixBits(shingle ^ (SEEDS[row] as number)) >>> 0;
      const index = (hash >>> BAND_SHIFT) * ROWS + row;
      if (hash < (minima[index] as number)) minima[index] = hash;
    }
  }
  return filled(minima);
}

/** Replaces the empty bands of each row. */
function filled(minima: Uint32Array): Uint32Array {
  const full = minima.slice();
  for (let index = 0; index < minima.length; index++) {
    let steps = 0;
    while (steps < BANDS && minima[(index + steps * ROWS) % minima.length] === NONE) steps++;
    if (steps > 0)
      full[index] = mixBits(
        (minima[(index + steps * ROWS) % minima.length] as number) + Math.imul(steps, SEEDS[0]),
      );
  }
  return full;
}

/** The set of shingles of a text, for comparing it with several others. */
export function shinglesOf(words: readonly string[]): ReadonlySet<string> {
  const shingles = new Set<string>();
  for (let at = 0; at + SHINGLE_WORDS <= words.length; at++)
    shingles.add(words.slice(at, at + SHINGLE_WORDS).join(" "));
  return shingles;
}

/**
 * Whether the Jaccard of two sets of shingles, |A and B| / |A or B|, is 0.8 or more. Exact, in whole numbers:
 * 9 |A and B| >= 4 (|A| + |B|). Ends as soon as too many shingles of the first are missing in the second.
 */
export function areCopies(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  const needed = Math.ceil((4 * (a.size + b.size)) / 9);
  let mayMiss = a.size - needed;
  if (a.size === 0 || mayMiss < 0 || b.size < needed) return false;
  for (const shingle of a) if (!b.has(shingle) && --mayMiss < 0) return false;
  return true;
}
