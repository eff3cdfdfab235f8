import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  assignedVariant,
  DIGEST_SUBJECT,
  EXPERIMENTS,
  subjectVariant,
} from "../../src/email/render/experiments.ts";
import { bucketOf, type Experiment, sampleRatio, variantOf } from "../../src/scoring/experiment.ts";

const halves = DIGEST_SUBJECT;
const thirds: Experiment = {
  name: "thirds",
  variants: [
    { name: "a", share: 3_333 },
    { name: "b", share: 3_333 },
    { name: "c", share: 3_334 },
  ],
};

describe("assigning variants", () => {
  it("is sha256 of experiment and user, modulo 10,000", () => {
    const digest = createHash("sha256").update("digest-subject:42").digest();
    expect(bucketOf(digest)).toBe(digest.readUInt32BE(0) % 10_000);
    expect(assignedVariant(halves, "42")).toBe(bucketOf(digest) < 5_000 ? "count" : "headline");
  });

  it("is stable for a user, and follows the shares for many", () => {
    const counts = { a: 0, b: 0, c: 0 } as Record<string, number>;
    for (let user = 1; user <= 30_000; user++) {
      const variant = assignedVariant(thirds, String(user));
      expect(assignedVariant(thirds, String(user))).toBe(variant);
      counts[variant]! += 1;
    }
    expect(sampleRatio(thirds, counts).isMismatch).toBe(false);
    for (const n of Object.values(counts)) expect(Math.abs(n - 10_000)).toBeLessThan(400);
  });

  it("every bucket has a variant, in the order of the shares", () => {
    fc.assert(
      fc.property(fc.nat({ max: 9_999 }), (bucket) => {
        expect(variantOf(halves, bucket)).toBe(bucket < 5_000 ? "count" : "headline");
      }),
    );
    expect(variantOf({ name: "x", variants: [{ name: "all", share: 10_000 }] }, 9_999)).toBe("all");
  });

  it("the shares of each experiment add up to 10,000", () => {
    for (const { variants } of EXPERIMENTS)
      expect(variants.reduce((sum, { share }) => sum + share, 0)).toBe(10_000);
    for (const { name } of DIGEST_SUBJECT.variants) expect(subjectVariant(name)).toBe(name);
    expect(() => subjectVariant("other")).toThrow(/Unknown variant/);
  });
});

describe("the sample-ratio check", () => {
  it.each([
    [5_000, 5_000, false],
    [5_000, 5_329, false],
    [5_000, 5_335, true],
    [50, 80, false],
    [50, 90, true],
    [0, 0, false],
    [0, 11, true],
  ])("%i and %i users of two halves: mismatch %s", (count, headline, isMismatch) => {
    expect(sampleRatio(halves, { count, headline }).isMismatch).toBe(isMismatch);
  });

  it("is Pearson's chi-square", () => {
    expect(sampleRatio(halves, { count: 40, headline: 60 }).chiSquare).toBeCloseTo(4, 10);
    expect(sampleRatio(thirds, { a: 3_333, b: 3_333, c: 3_334 }).chiSquare).toBeCloseTo(0, 10);
  });

  it("a user in a variant with a share of 0 is a mismatch", () => {
    const ended: Experiment = {
      name: "x",
      variants: [
        { name: "a", share: 10_000 },
        { name: "b", share: 0 },
      ],
    };
    expect(sampleRatio(ended, { a: 10 }).isMismatch).toBe(false);
    expect(sampleRatio(ended, { a: 10, b: 1 }).isMismatch).toBe(true);
  });

  it("rarely reports a mismatch that is chance", () => {
    let alarms = 0;
    for (let round = 0; round < 400; round++) {
      const counts: Record<string, number> = { count: 0, headline: 0 };
      for (let user = 0; user < 200; user++) counts[assignedVariant(halves, `${round}-${user}`)]! += 1;
      if (sampleRatio(halves, counts).isMismatch) alarms += 1;
    }
    expect(alarms).toBeLessThanOrEqual(3);
  });
});
