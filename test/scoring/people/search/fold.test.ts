import { expect, it } from "vitest";
import { foldWords } from "../../../../src/scoring/people/search/fold.ts";

it.each([
  ["Zoë  MÜLLER", "zoe muller"],
  ["O'Brien O’Brien", "obrien obrien"],
  ["Anne-Marie", "anne marie"],
  ["Łukasz Straße", "lukasz strasse"],
  ["Søren Æther", "soren aether"],
  ["İpek ılgın", "ipek ilgin"],
  ["Ελένη Ёлка", "ελενη елка"],
  ["हिन्दी", "हिन्दी"],
  ["김민수", "김민수"],
  ["مُحَمَّد عَـلِي أحمد", "محمد علي احمد"],
  ["שָׁלוֹם כֹּהֵן", "שלום כהן"],
  ["ʻIolani Kaʻanoi", "iolani kaanoi"],
  ["Na\u00adme Zo\u200de \u202eEvil a\u200bb", "name zoe evil a b"],
  ["ﬁne ①", "fine 1"],
  ["' % _ \\ & | ! ( ) : * <->", ""],
  ["\u0000a\u0000b", "a b"],
])("%j folds to %j", (text, folded) => {
  expect(foldWords(text).join(" ")).toBe(folded);
});

it("leaves folded text unchanged, and cuts words between characters", () => {
  const once = foldWords("Ægir Þór Łódź İstanbul");
  expect(foldWords(once.join(" "))).toEqual(once);
  expect([...(foldWords("𝒳".repeat(100))[0] as string)]).toHaveLength(40);
  expect(foldWords("a b c d", 2)).toEqual(["a", "b"]);
});
