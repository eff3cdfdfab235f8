import { QUANTUM_MICRO } from "../money.ts";

interface Share {
  readonly index: number;
  readonly key: string;
  readonly weight: bigint;
  readonly units: bigint;
  readonly remainder: bigint;
}

/**
 * share = floor(total x weight / sum of weights), and the units still left go one each to the largest remainders.
 *
 * Hamilton's method in whole units of whatever `total` counts. Ties go to the larger weight, then to the lower key
 * (compared by code unit, so "10" comes before "9"). The shares come in the order of the input, which does not
 * otherwise matter; nor does scaling all weights. Each share is the floor of its quota or one more, a weight of 0 gets
 * 0, and the shares add up to the total. When no weight is above 0 nobody can be given anything: all shares are 0 and
 * the whole total stays with the caller.
 *
 * Not monotone: with a larger total or one more share a line can lose a unit. Harmless for one-off splits.
 * Throws RangeError for a negative total or weight, lists of different lengths, or a key that appears twice.
 * Source: the largest remainder method (Hamilton).
 */
export function allocate(total: bigint, weights: readonly bigint[], keys: readonly string[]): bigint[] {
  assertAllocatable(total, weights, keys);
  const weightSum = weights.reduce((sum, weight) => sum + weight, 0n);
  if (weightSum === 0n) return weights.map(() => 0n);

  const shares = weights.map((weight, index): Share => {
    const scaled = total * weight;
    return {
      index,
      key: keys[index] ?? "",
      weight,
      units: scaled / weightSum,
      remainder: scaled % weightSum,
    };
  });
  const result = shares.map((share) => share.units);
  const placed = result.reduce((sum, units) => sum + units, 0n);
  for (const share of shares.toSorted(byClaim).slice(0, Number(total - placed))) {
    result[share.index] = share.units + 1n;
  }
  return result;
}

/**
 * share = allocate(total / quantum, weights, keys) x quantum.
 *
 * The same split in whole quanta (0.01 token by default), so that every share can be paid. `totalMicro`, the quantum
 * and the shares are in millionths. Throws RangeError as `allocate` does, for a quantum not above 0, and when the total
 * is not a whole number of quanta: what to do with the rest is the caller's decision.
 */
export function allocateQuanta(
  totalMicro: bigint,
  weights: readonly bigint[],
  keys: readonly string[],
  quantumMicro: bigint = QUANTUM_MICRO,
): bigint[] {
  if (quantumMicro <= 0n) throw new RangeError("the quantum must be above 0");
  if (totalMicro % quantumMicro !== 0n) throw new RangeError("the total is not a whole number of quanta");
  return allocate(totalMicro / quantumMicro, weights, keys).map((quanta) => quanta * quantumMicro);
}

function assertAllocatable(total: bigint, weights: readonly bigint[], keys: readonly string[]): void {
  if (total < 0n) throw new RangeError("the total is negative");
  if (weights.some((weight) => weight < 0n)) throw new RangeError("a weight is negative");
  if (weights.length !== keys.length) throw new RangeError("each weight needs one key");
  if (new Set(keys).size !== keys.length) throw new RangeError("a key appears twice");
}

function byClaim(a: Share, b: Share): number {
  if (a.remainder !== b.remainder) return a.remainder > b.remainder ? -1 : 1;
  if (a.weight !== b.weight) return a.weight > b.weight ? -1 : 1;
  return a.key < b.key ? -1 : 1;
}
