/** A message in several wordings. Each user is assigned one, and keeps it. */
export type Experiment = {
  readonly name: string;
  /** Shares in ten-thousandths; they add up to 10,000. */
  readonly variants: readonly { readonly name: string; readonly share: number }[];
};

const BUCKETS = 10_000;

/**
 * bucket = the first four bytes of sha256(`experiment:user`), big-endian, modulo 10,000.
 *
 * @param digest the hash, at least four bytes; computing it takes a module that scoring does not import.
 */
export function bucketOf(digest: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = digest;
  return (((a << 24) | (b << 16) | (c << 8) | d) >>> 0) % BUCKETS;
}

/** variant = the first one at which the sum of the shares exceeds the bucket. */
export function variantOf({ variants }: Experiment, bucket: number): string {
  let from = 0;
  for (const { name, share } of variants) {
    from += share;
    if (bucket < from) return name;
  }
  return variants.at(-1)?.name ?? "";
}

/** Critical values of chi-square at p = 0.001, for 1 to 9 degrees of freedom. */
const CRITICAL = [10.828, 13.816, 16.266, 18.467, 20.515, 22.458, 24.322, 26.124, 27.877] as const;

/** How far the numbers of users differ from the shares of the variants. */
export type SampleRatio = {
  readonly chiSquare: number;
  /** A larger chi-square is a mismatch. */
  readonly threshold: number;
  readonly isMismatch: boolean;
};

/**
 * chi-square = sum of (observed - expected)² / expected over the variants (Pearson); a mismatch is a value
 * with p < 0.001.
 *
 * A mismatch means that something other than the experiment decides who gets which variant, so its results
 * mean nothing. A user in a variant with a share of 0 is always a mismatch.
 *
 * @param users number of users by variant.
 */
export function sampleRatio({ variants }: Experiment, users: Readonly<Record<string, number>>): SampleRatio {
  const counts = variants.map(({ name }) => users[name] ?? 0);
  const total = counts.reduce((sum, n) => sum + n, 0);
  const threshold =
    CRITICAL[Math.max(variants.filter(({ share }) => share > 0).length - 2, 0)] ?? CRITICAL[8];
  if (total === 0) return { chiSquare: 0, threshold, isMismatch: false };
  let chiSquare = 0;
  for (const [index, { share }] of variants.entries()) {
    const expected = (total * share) / BUCKETS;
    const observed = counts[index] ?? 0;
    if (expected === 0) chiSquare += observed === 0 ? 0 : Number.POSITIVE_INFINITY;
    else chiSquare += (observed - expected) ** 2 / expected;
  }
  return { chiSquare, threshold, isMismatch: chiSquare > threshold };
}
