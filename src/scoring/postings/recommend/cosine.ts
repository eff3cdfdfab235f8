/** Vectors of one length, one after the other, with the length of each as an arrow (its norm). */
export type Vectors = {
  readonly dimensions: number;
  readonly values: Float32Array;
  readonly norms: Float64Array;
};

/** A vector with its norm. */
export type Vector = { readonly values: Float32Array; readonly norm: number };

/** norm = sqrt(sum of squares) of the `dimensions` values from `at` on. */
export function normOf(values: Float32Array, at: number, dimensions: number): number {
  let sum = 0;
  for (let n = at; n < at + dimensions; n++) {
    const value = values[n] as number;
    sum += value * value;
  }
  return Math.sqrt(sum);
}

export const vectorOf = (values: Float32Array): Vector => ({
  values,
  norm: normOf(values, 0, values.length),
});

/**
 * cosine = a.b / (|a| |b|), at least 0 and at most 1: texts that have nothing in common count as unrelated,
 * not as opposite. 0 for a vector of zeros. The sums are formed in one fixed order, so equal vectors give
 * equal results everywhere.
 */
export function cosineOf(a: Vector, { values, norms, dimensions }: Vectors, index: number): number {
  const from = index * dimensions;
  let dot = 0;
  for (let n = 0; n < dimensions; n++) dot += (a.values[n] as number) * (values[from + n] as number);
  const norm = a.norm * (norms[index] as number);
  return norm === 0 ? 0 : Math.min(1, Math.max(0, dot / norm));
}

/** Joins vectors of one length. @returns null when their lengths differ, or there is none. */
export function joinVectors(list: readonly Float32Array[]): Vectors | null {
  const dimensions = list[0]?.length ?? 0;
  if (dimensions === 0 || list.some(({ length }) => length !== dimensions)) return null;
  const values = new Float32Array(new SharedArrayBuffer(list.length * dimensions * 4));
  const norms = new Float64Array(new SharedArrayBuffer(list.length * 8));
  for (const [index, vector] of list.entries()) {
    values.set(vector, index * dimensions);
    norms[index] = normOf(values, index * dimensions, dimensions);
  }
  return { dimensions, values, norms };
}

/** Vectors of all postings of an index, by their position, and of the users that have one. */
export type PairVectors = {
  readonly postings: Vectors;
  readonly users: ReadonlyMap<number, Float32Array>;
};

/**
 * The cosines of a user and each posting, by position; null for a user without a vector of the same length.
 */
export function cosinesFor({ postings, users }: PairVectors, userId: number): Float64Array | null {
  const values = users.get(userId);
  if (values === undefined || values.length !== postings.dimensions) return null;
  const own = vectorOf(values);
  return Float64Array.from(postings.norms, (_, posting) => cosineOf(own, postings, posting));
}
