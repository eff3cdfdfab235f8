import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cosineOf, joinVectors, vectorOf } from "../../../../src/scoring/postings/recommend/cosine.ts";

const cosine = (a: readonly number[], b: readonly number[]): number =>
  cosineOf(vectorOf(Float32Array.from(a)), joinVectors([Float32Array.from(b)])!, 0);

describe("the cosine of two vectors", () => {
  it("is computed by hand", () => {
    expect(cosine([3, 4], [4, 3])).toBeCloseTo(24 / 25, 15);
    expect(cosine([1, 0], [0, 1])).toBe(0);
    expect(cosine([1, 0], [-1, 0])).toBe(0);
    expect(cosine([0, 0], [1, 0])).toBe(0);
  });

  it("is from 0 to 1, 1 with itself, and the same both ways and at any length", () => {
    const number = fc.float({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 40 }), (pairs) => {
        const [a, b] = [pairs.map(([x]) => x), pairs.map(([, y]) => y)];
        const found = cosine(a, b);
        expect(found >= 0 && found <= 1).toBe(true);
        expect(cosine(b, a)).toBe(found);
        if (a.some((x) => Math.abs(x) > 1e-6)) expect(cosine(a, a)).toBeCloseTo(1, 12);
      }),
    );
  });

  it("needs vectors of one length", () => {
    expect(joinVectors([Float32Array.of(1), Float32Array.of(1, 2)])).toBeNull();
    expect(joinVectors([])).toBeNull();
  });
});
