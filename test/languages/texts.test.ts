import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Language } from "../../src/languages/language.ts";
import { ENGLISH } from "../../src/languages/language.ts";
import { defineTexts, phrasesIn } from "../../src/languages/texts.ts";

const TEXTS = defineTexts("garden", {
  plain: "No parameters",
  greeting: "**{name}** says {greeting}",
  roses: { count: { one: "{count} rose for {name}", other: "{count} roses for {name}" } },
  both: {
    beds: {
      one: { roses: { one: "{roses} rose in {beds} bed", other: "{roses} roses in {beds} bed" } },
      other: "{roses} roses in {beds} beds",
    },
  },
});

const POLISH: Language = {
  tag: "pl",
  direction: "ltr",
  texts: {
    garden: {
      roses: {
        count: {
          one: "{count} róża dla {name}",
          few: "{count} róże dla {name}",
          many: "{count} róż dla {name}",
          other: "{count} róży dla {name}",
        },
      },
    },
  },
};

describe("a text", () => {
  const { plain, markdown } = phrasesIn(ENGLISH, TEXTS);

  it("is written with its parameters", () => {
    expect(plain("plain")).toBe("No parameters");
    expect(plain("greeting", { name: "*Ada*", greeting: "hello" })).toBe("***Ada*** says hello");
  });

  it("escapes the values in Markdown, except fragments", () => {
    expect(markdown("greeting", { name: "*Ada*", greeting: { markdown: "*hello*" } })).toBe(
      "**\\*Ada\\*** says *hello*",
    );
  });

  it("does not read the braces of a value", () => {
    expect(plain("greeting", { name: "{greeting}", greeting: "{name}" })).toBe("**{greeting}** says {name}");
  });

  it("has the plural form of its number, which is written as the language writes numbers", () => {
    expect([0, 1, 2, 1_000].map((count) => plain("roses", { count, name: "Ada" }))).toEqual([
      "0 roses for Ada",
      "1 rose for Ada",
      "2 roses for Ada",
      "1,000 roses for Ada",
    ]);
    expect(plain("both", { roses: 1, beds: 1 })).toBe("1 rose in 1 bed");
    expect(plain("both", { roses: 2, beds: 1 })).toBe("2 roses in 1 bed");
    expect(plain("both", { roses: 5, beds: 2 })).toBe("5 roses in 2 beds");
  });

  it("has the plural form of its language", () => {
    const polish = phrasesIn(POLISH, TEXTS);
    expect([1, 2, 5, 22].map((count) => polish.plain("roses", { count, name: "Ada" }))).toEqual([
      "1 róża dla Ada",
      "2 róże dla Ada",
      "5 róż dla Ada",
      "22 róże dla Ada",
    ]);
  });

  it("that a language lacks is in English, with English plurals", () => {
    const polish = phrasesIn(POLISH, TEXTS);
    expect(polish.plain("both", { roses: 22, beds: 1_000 })).toBe("22 roses in 1,000 beds");
  });

  it("is translated beside its English text, or by the file of the language", () => {
    const translations = { pl: { plain: "Bez parametrów" } };
    const polish = phrasesIn(POLISH, { ...TEXTS, translations });
    expect([polish.plain("plain"), polish.plain("roses", { count: 1, name: "Ada" })]).toEqual([
      "Bez parametrów",
      "1 róża dla Ada",
    ]);
    expect(phrasesIn(ENGLISH, { ...TEXTS, translations }).plain("plain")).toBe("No parameters");
  });

  it("contains each value as it is, whatever the value", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (name, greeting) => {
        expect(plain("greeting", { name, greeting })).toBe(`**${name}** says ${greeting}`);
      }),
    );
  });
});
