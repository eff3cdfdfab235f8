import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FEATURE_LIMITS, featuresOf, qualityOf } from "../../../src/scoring/feeds/topics.ts";

describe("featuresOf", () => {
  it("takes the first distinct words longer than two letters that are not stop words", () => {
    expect(featuresOf("The quick fox and the QUICK dog go to a big garden in the morning", 0)).toMatchObject({
      topics: ["quick", "fox", "dog", "big", "garden", "morning"],
      language: "en",
    });
  });

  it("stops at eight", () => {
    const words = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india"];
    expect(featuresOf(words.join(" "), 0).topics).toEqual(words.slice(0, 8));
  });

  it("recognizes languages by their stop words, and letters of all scripts", () => {
    expect(featuresOf("Der Garten und die Bäume sind für uns alle schön", 0)).toMatchObject({
      topics: ["garten", "bäume", "schön"],
      language: "de",
    });
    expect(featuresOf("Мы любим горы и море, но не любим холод", 0).language).toBe("ru");
    expect(featuresOf("東京で写真展を開催します", 0).topics).toContain("東京");
    expect(featuresOf("zyx wvu", 0)).toMatchObject({ topics: ["zyx", "wvu"], language: null });
  });

  it("leaves out links, addresses, mentions, numbers, and words too long to be any", () => {
    const body = `Picnic @[Ada Lovelace](user:7) @bob https://example.org/secret ada@example.org 2026 ${"x".repeat(41)}`;
    expect(featuresOf(body, 0).topics).toEqual(["picnic"]);
  });

  it("is empty for an empty text", () => {
    expect(featuresOf("", 0)).toEqual({ topics: [], quality: 0, language: null });
    expect(featuresOf("  \n", 2)).toEqual({ topics: [], quality: 0.2, language: null });
  });

  it("reads the beginning of a long text, up to a whole word", () => {
    const { textLength } = FEATURE_LIMITS;
    expect(featuresOf(`${"garden ".repeat(textLength)} chess`, 0).topics).toEqual(["garden"]);
  });

  it("is bounded for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), fc.nat(20), (body, media) => {
        const { topics, quality } = featuresOf(body, media);
        expect(topics.length).toBeLessThanOrEqual(8);
        expect(new Set(topics).size).toBe(topics.length);
        expect(quality).toBeGreaterThanOrEqual(0);
        expect(quality).toBeLessThanOrEqual(1);
      }),
      { numRuns: 30 },
    );
  });
});

it("quality is 0.6 x min(length / 280, 1) + 0.4 x min(media / 4, 1)", () => {
  expect(qualityOf(140, 1)).toBeCloseTo(0.4, 12);
  expect(qualityOf(280, 4)).toBeCloseTo(1, 12);
  expect(qualityOf(5_000, 9)).toBeCloseTo(1, 12);
});
