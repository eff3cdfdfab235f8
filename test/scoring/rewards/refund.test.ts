import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { QUANTUM_MICRO } from "../../../src/scoring/money.ts";
import { type RefundedLine, refundShares } from "../../../src/scoring/rewards/refund.ts";

const TOKEN = 1_000_000n;

/** The lines of 100.50 over five levels. */
const LINES: readonly RefundedLine[] = [10_050_000n, 8_040_000n, 6_030_000n, 4_020_000n, 2_010_000n].map(
  (amountMicro, index) => ({ level: index + 1, amountMicro, reversedMicro: 0n }),
);
const SALE = 100_500_000n;

/** Applies refunds one after the other. @returns the lines after each. */
function refundAll(saleMicro: bigint, lines: readonly RefundedLine[], refunds: readonly bigint[]) {
  let current = lines;
  let refundedMicro = 0n;
  return refunds.map((refundMicro) => {
    const shares = refundShares({ saleMicro, refundedMicro, refundMicro, lines: current });
    refundedMicro += refundMicro;
    current = current.map((line, index) => ({ ...line, reversedMicro: line.reversedMicro + shares[index]! }));
    return current;
  });
}

describe("refundShares", () => {
  it("takes back in proportion: half of a sale, half of each line", () => {
    const shares = refundShares({ saleMicro: SALE, refundedMicro: 0n, refundMicro: SALE / 2n, lines: LINES });
    expect(shares).toEqual([5_030_000n, 4_020_000n, 3_020_000n, 2_010_000n, 1_000_000n]);
  });

  it("takes back everything with the whole sale", () => {
    const shares = refundShares({ saleMicro: SALE, refundedMicro: 0n, refundMicro: SALE, lines: LINES });
    expect(shares).toEqual(LINES.map(({ amountMicro }) => amountMicro));
  });

  it("takes back nothing of a sale without commissions, nor for less than half of 0.01", () => {
    expect(refundShares({ saleMicro: SALE, refundedMicro: 0n, refundMicro: TOKEN, lines: [] })).toEqual([]);
    expect(refundShares({ saleMicro: SALE, refundedMicro: 0n, refundMicro: 1n, lines: LINES })).toEqual(
      LINES.map(() => 0n),
    );
  });

  it.each([0n, -1n, SALE + 1n])("refuses a refund of %s", (refundMicro) => {
    expect(() => refundShares({ saleMicro: SALE, refundedMicro: 0n, refundMicro, lines: LINES })).toThrow(
      RangeError,
    );
  });

  const cases = fc
    .record({
      quanta: fc.array(fc.bigInt({ min: 1n, max: 100_000n }), { minLength: 1, maxLength: 5 }),
      parts: fc.array(fc.bigInt({ min: 1n, max: 50_000_000n }), { minLength: 1, maxLength: 12 }),
      rest: fc.bigInt({ min: 0n, max: 50_000_000n }),
    })
    .map(({ quanta, parts, rest }) => ({
      lines: quanta.map((quantum, index) => ({
        level: index + 1,
        amountMicro: quantum * QUANTUM_MICRO,
        reversedMicro: 0n,
      })),
      parts,
      saleMicro: parts.reduce((sum, part) => sum + part, rest),
      isWhole: rest === 0n,
    }));

  it("never takes back more than is left of a line, and never gives anything back", () => {
    fc.assert(
      fc.property(cases, ({ lines, parts, saleMicro }) => {
        let before: readonly RefundedLine[] = lines;
        for (const after of refundAll(saleMicro, lines, parts)) {
          for (const [index, { amountMicro, reversedMicro }] of after.entries()) {
            expect(reversedMicro).toBeGreaterThanOrEqual(before[index]!.reversedMicro);
            expect(reversedMicro).toBeLessThanOrEqual(amountMicro);
            expect(reversedMicro % QUANTUM_MICRO).toBe(0n);
          }
          before = after;
        }
      }),
    );
  });

  it("stays within half of 0.01 of the exact part of the total, and takes back all with the last part", () => {
    fc.assert(
      fc.property(cases, ({ lines, parts, saleMicro, isWhole }) => {
        const total = lines.reduce((sum, { amountMicro }) => sum + amountMicro, 0n);
        const last = refundAll(saleMicro, lines, parts).at(-1)!;
        const reversed = last.reduce((sum, { reversedMicro }) => sum + reversedMicro, 0n);
        const refunded = parts.reduce((sum, part) => sum + part, 0n);
        const off = reversed * saleMicro - total * refunded;
        expect((off < 0n ? -off : off) * 2n).toBeLessThanOrEqual(saleMicro * QUANTUM_MICRO);
        if (isWhole)
          expect(last.map(({ reversedMicro }) => reversedMicro)).toEqual(last.map((l) => l.amountMicro));
      }),
    );
  });
});
