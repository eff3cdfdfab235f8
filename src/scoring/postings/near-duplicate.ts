import { wordsOf } from "./words.ts";

// Near-duplicates by MinHash over word shingles (Broder 1997), in bands (LSH), verified by exact Jaccard.

/** Words of a shingle. With fewer, texts of one template are taken for copies. */
const SHINGLE_WORDS = 5;
/** Longer texts are compared by their beginning. */
const MAX_WORDS = 2_000;
/** Shorter texts say too little. */
const MIN_WORDS = 20;
const BANDS = 16;
const ROWS = 4;

/** The words of a description that are compared; null if there are too few. */
export function comparedWords(description: string): readonly string[] | null {
  const words = wordsOf(description).slice(0, MAX_WORDS);
  return words.length < MIN_WORDS ? null : words;
}

/** Distinct odd multipliers and offsets, one pair for each hash function. */
const MULTIPLIERS = new Int32Array(BANDS * ROWS);
const OFFSETS = new Int32Array(BANDS * ROWS);
for (let i = 0, state = 0x9e3779b9; i < BANDS * ROWS; i++) {
  state = mix(state + 0x6d2b79f5);
  MULTIPLIERS[i] = state | 1;
  state = mix(state + 0x6d2b79f5);
  OFFSETS[i] = state;
}

/**
 * The buckets of a text within its company and place: two texts with Jaccard J share one with probability
 * 1 - (1 - J^4)^16, which is 0.9998 at 0.8 and 0.64 at 0.5.
 *
 * @returns 16 integers of 52 bits.
 */
export function bucketsOf(words: readonly string[], company: string, place: string): number[] {
  const minima = minHash(words);
  const seed = mix(hashOfText(company) ^ Math.imul(hashOfText(place), 0x85ebca6b));
  const buckets: number[] = [];
  for (let band = 0; band < BANDS; band++) {
    let [high, low] = [mix(seed + band), mix(seed ^ 0x5bd1e995) + band];
    for (let row = 0; row < ROWS; row++) {
      const minimum = minima[band * ROWS + row] as number;
      high = mix(high ^ minimum);
      low = mix(Math.imul(low, 31) + minimum);
    }
    buckets.push((high >>> 12) * 2 ** 32 + (low >>> 0));
  }
  return buckets;
}

/** The least value of each hash function over the shingles of a text. */
function minHash(words: readonly string[]): Uint32Array {
  const minima = new Uint32Array(BANDS * ROWS).fill(0xffffffff);
  const hashes = words.map(hashOfText);
  for (let at = 0; at + SHINGLE_WORDS <= hashes.length; at++) {
    let shingle = 0;
    for (let i = 0; i < SHINGLE_WORDS; i++)
      shingle = mix(Math.imul(shingle, 31) + (hashes[at + i] as number));
    for (let i = 0; i < BANDS * ROWS; i++) {
      const hash = (Math.imul(shingle, MULTIPLIERS[i] as number) + (OFFSETS[i] as number)) >>> 0;
      if (hash < (minima[i] as number)) minima[i] = hash;
    }
  }
  return minima;
}

/** FNV-1a over UTF-16 units. */
function hashOfText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix(hash);
}

/** The finalizer of MurmurHash3. */
function mix(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
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
