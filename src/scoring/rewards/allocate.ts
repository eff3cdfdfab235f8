import { QUANTUM_MICRO } from "../money.ts";

interface Share {
  readonly index: number;
  readonly key: string;
  readonly weight: bigint;
  readonly units: bigint;
  readonly remainder: bigint;
}

/**
 * share = floor(total x weight / sum of weights), plus one unit for each of the largest remainders until the
 * total is allocated.
 *
 * All in whole units of `total`. Ties go to the larger weight, then to the lower key, compared by code unit
 * ("10" before "9"). Shares are returned in the order of the input; neither that order nor a common factor of
 * the weights changes them. Each share is the floor of its quota or one more, a weight of 0 gets 0, and the
 * shares add up to the total, unless all weights are 0: then all shares are 0.
 *
 * Not monotone: a larger total or one more line can take a unit from another line, which does not matter for
 * one-off splits. Source: the largest remainder method (Hamilton).
 *
 * @param keys one per weight, without duplicates.
 * @throws RangeError for a negative total or weight, lists of different lengths, or a duplicate key.
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
 * share = allocate(total / quantum, weights, keys) x quantum: shares in whole quanta, 0.01 token by default,
 * so that each can be paid.
 *
 * Total, quantum and shares are in millionths.
 *
 * @throws RangeError as `allocate` does, for a quantum not above 0, and for a total that is not a whole
 * number of quanta.
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
