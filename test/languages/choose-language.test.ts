import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { knownLanguage, languageOf } from "../../src/languages/choose-language.ts";
import { LANGUAGES } from "../../src/languages/index.ts";

describe("the language of a tag", () => {
  it.each(["en", "EN", "en-GB", "en_US", " en ", "en-Latn-GB-oxendict-x-house"])("%s is English", (tag) => {
    expect(knownLanguage(tag)?.tag).toBe("en");
  });

  it.each(["de", "de-AT", "DE_ch", "de-CH-1996"])("%s is German", (tag) => {
    expect(knownLanguage(tag)?.tag).toBe("de");
  });

  it.each([null, "", "tlh", "englisch", "-en", "*", "x".repeat(10_000), "-".repeat(10_000)])(
    "%s is none, and English is used",
    (tag) => {
      expect(knownLanguage(tag)).toBeNull();
      expect(languageOf(tag).tag).toBe("en");
    },
  );

  it("is one of the languages for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (tag) => {
        expect(LANGUAGES.includes(languageOf(tag))).toBe(true);
      }),
    );
  });
});
