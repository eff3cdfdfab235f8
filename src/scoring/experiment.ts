/** A message in several wordings, of which each user gets one and keeps it. */
export type Experiment = {
  readonly name: string;
  /** Shares in ten-thousandths, together 10,000. */
  readonly variants: readonly { readonly name: string; readonly share: number }[];
};

const BUCKETS = 10_000;

/**
 * The bucket of a user: the first four bytes of sha256(`experiment:user`), modulo 10,000. The hash is given, since nothing here computes.
 */
export function bucketOf(digest: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = digest;
  return (((a << 24) | (b << 16) | (c << 8) | d) >>> 0) % BUCKETS;
}

/** The variant of a bucket: shares are laid out one after the other. */
export function variantOf({ variants }: Experiment, bucket: number): string {
  let from = 0;
  for (const { name, share } of variants) {
    from += share;
    if (bucket < from) return name;
  }
  return variants.at(-1)?.name ?? "";
}

/** Chi-square values that chance exceeds once in a thousand, for 1 to 9 degrees of freedom. */
const CRITICAL = [10.828, 13.816, 16.266, 18.467, 20.515, 22.458, 24.322, 26.124, 27.877] as const;

/** How far the numbers of users in the variants are from their shares. */
export type SampleRatio = { readonly chiSquare: number; readonly isMismatch: boolean };

/**
 * The sample-ratio check: Pearson's chi-square of the counted users against the shares. A value that chance exceeds less than once in a
 * thousand says that something other than the experiment decides who gets what, and that its results say nothing.
 */
export function sampleRatio({ variants }: Experiment, users: Readonly<Record<string, number>>): SampleRatio {
  const counts = variants.map(({ name }) => users[name] ?? 0);
  const total = counts.reduce((sum, n) => sum + n, 0);
  if (total === 0) return { chiSquare: 0, isMismatch: false };
  let chiSquare = 0;
  for (const [index, { share }] of variants.entries()) {
    const expected = (total * share) / BUCKETS;
    const seen = counts[index] ?? 0;
    // Nobody was to get it: one who did is a mismatch.
    if (expected === 0) chiSquare += seen === 0 ? 0 : Number.POSITIVE_INFINITY;
    else chiSquare += (seen - expected) ** 2 / expected;
  }
  const critical = CRITICAL[Math.max(variants.filter(({ share }) => share > 0).length - 2, 0)] ?? CRITICAL[8];
  return { chiSquare, isMismatch: chiSquare > critical };
}
