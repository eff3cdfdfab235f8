import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allocate, allocateQuanta } from "../../../src/scoring/rewards/allocate.ts";

const total = fc.bigInt({ min: 0n, max: 10n ** 18n });
const weight = fc.oneof(
  fc.constant(0n),
  fc.bigInt({ min: 0n, max: 5n }),
  fc.bigInt({ min: 0n, max: 10n ** 15n }),
);
const claims = fc.uniqueArray(fc.record({ key: fc.string({ maxLength: 4 }), weight }), {
  selector: ({ key }) => key,
  maxLength: 12,
});
const sum = (amounts: readonly bigint[]) => amounts.reduce((all, amount) => all + amount, 0n);
const split = (amount: bigint, of: readonly { key: string; weight: bigint }[]) =>
  allocate(
    amount,
    of.map((claim) => claim.weight),
    of.map((claim) => claim.key),
  );

describe("allocate", () => {
  it.each([
    [10_000n, [337n, 412n, 98n, 153n, 77n], [3129n, 3825n, 910n, 1421n, 715n]],
    [10n, [70n, 20n, 19n], [6n, 2n, 2n]],
    [3n, [3_002_399_751_580_333n, 1_000_000_000_000_000n, 501_199_875_790_167n], [2n, 1n, 0n]],
    [7n, [1n], [7n]],
    [0n, [3n, 4n], [0n, 0n]],
  ])("splits %s over %s as %s", (amount, weights, shares) => {
    expect(
      allocate(
        amount,
        weights,
        weights.map((_, index) => String(index)),
      ),
    ).toEqual(shares);
  });

  it("gives a tie to the larger weight, then to the lower key", () => {
    expect(allocate(2n, [1n, 3n], ["a", "b"])).toEqual([0n, 2n]);
    expect(allocate(1n, [1n, 1n, 1n], ["c", "a", "b"])).toEqual([0n, 1n, 0n]);
    expect(allocate(1n, [1n, 1n], ["9", "10"])).toEqual([0n, 1n]);
  });

  it("defect 2: the shares add up to the total, each the floor of its quota or one more", () => {
    fc.assert(
      fc.property(total, claims, (amount, of) => {
        const weightSum = sum(of.map((claim) => claim.weight));
        const shares = split(amount, of);
        if (weightSum === 0n) {
          expect(shares).toEqual(of.map(() => 0n));
          return;
        }
        expect(sum(shares)).toBe(amount);
        of.forEach((claim, index) => {
          const floor = (amount * claim.weight) / weightSum;
          expect([floor, floor + 1n]).toContain(shares[index]);
          if (claim.weight === 0n) expect(shares[index]).toBe(0n);
        });
      }),
    );
  });

  it("does not depend on the order of the input", () => {
    const shuffled = claims.chain((of) =>
      fc.tuple(fc.constant(of), fc.shuffledSubarray(of, { minLength: of.length })),
    );
    fc.assert(
      fc.property(total, shuffled, (amount, [of, mixed]) => {
        const byKey = (list: typeof of) => {
          const shares = split(amount, list);
          return new Map(list.map((claim, index) => [claim.key, shares[index]]));
        };
        expect(byKey(mixed)).toEqual(byKey(of));
      }),
    );
  });

  it("does not depend on the scale of the weights", () => {
    fc.assert(
      fc.property(total, claims, fc.bigInt({ min: 1n, max: 10n ** 9n }), (amount, of, scale) => {
        const scaled = of.map((claim) => ({ ...claim, weight: claim.weight * scale }));
        expect(split(amount, scaled)).toEqual(split(amount, of));
      }),
    );
  });

  it("gives a larger weight at least as much", () => {
    fc.assert(
      fc.property(total, claims, (amount, of) => {
        const shares = split(amount, of);
        const paid = of
          .map((claim, index) => ({ weight: claim.weight, share: shares[index] ?? 0n }))
          .toSorted((a, b) =>
            a.weight < b.weight ? -1 : a.weight > b.weight ? 1 : a.share < b.share ? -1 : 1,
          );
        const inOrder = paid.every(({ share }, index) => share >= (paid[index - 1]?.share ?? 0n));
        expect(inOrder).toBe(true);
      }),
    );
  });

  it("throws for what it cannot split", () => {
    expect(() => allocate(-1n, [1n], ["a"])).toThrow(RangeError);
    expect(() => allocate(1n, [-1n], ["a"])).toThrow(RangeError);
    expect(() => allocate(1n, [1n], [])).toThrow(RangeError);
    expect(() => allocate(1n, [1n, 2n], ["a", "a"])).toThrow(RangeError);
    expect(allocate(5n, [], [])).toEqual([]);
  });
});

describe("allocateQuanta", () => {
  it("gives whole quanta only", () => {
    expect(allocateQuanta(110_000n, [1000n, 800n, 600n, 400n], ["1", "2", "3", "4"])).toEqual([
      40_000n,
      30_000n,
      20_000n,
      20_000n,
    ]);
  });

  it("is allocate in units of the quantum", () => {
    fc.assert(
      fc.property(total, claims, fc.bigInt({ min: 1n, max: 10n ** 7n }), (quanta, of, quantum) => {
        const weights = of.map((claim) => claim.weight);
        const keys = of.map((claim) => claim.key);
        const expected = allocate(quanta, weights, keys).map((share) => share * quantum);
        expect(allocateQuanta(quanta * quantum, weights, keys, quantum)).toEqual(expected);
      }),
    );
  });

  it("throws for a total that is not a whole number of quanta", () => {
    expect(() => allocateQuanta(10_001n, [1n], ["a"])).toThrow(RangeError);
    expect(() => allocateQuanta(10_000n, [1n], ["a"], 0n)).toThrow(RangeError);
  });
});
