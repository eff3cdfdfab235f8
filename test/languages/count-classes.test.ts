import { describe, expect, it } from "vitest";
import { countClasses } from "../../src/languages/count-classes.ts";

/** Languages with every kind of plural rules. */
const TAGS = [
  "en",
  "de",
  "fr",
  "pl",
  "ru",
  "cs",
  "lt",
  "lv",
  "ar",
  "he",
  "ga",
  "sl",
  "ro",
  "mt",
  "cy",
  "gd",
  "is",
  "mk",
  "ja",
];

describe("the classes of counts", () => {
  it.each(TAGS)("in %s are those of its plural rules, for every count", (tag) => {
    const { digits, examples } = countClasses(tag);
    const half = digits.length / 2;
    const rules = new Intl.PluralRules(tag);
    for (let count = 0; count < 100_000; count++) {
      const digit = digits[count < digits.length ? count : half + (count % half)];
      if (rules.select(examples[Number(digit)]!) !== rules.select(count)) expect([tag, count]).toEqual([]);
    }
    expect(new Set(digits).size).toBe(examples.length);
    expect(examples.length).toBeLessThanOrEqual(10);
  });

  it("are two in English and German", () => {
    expect(countClasses("en")).toEqual({ digits: "0100", examples: [0, 1] });
    expect(countClasses("de")).toEqual(countClasses("en"));
  });
});
