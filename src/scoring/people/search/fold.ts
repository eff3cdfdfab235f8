/** Letters that have no decomposition in Unicode, as people without them on their keyboards write them. */
const PLAIN: Readonly<Record<string, string>> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  đ: "d",
  ð: "d",
  ł: "l",
  þ: "th",
  ı: "i",
  ħ: "h",
  ŋ: "n",
};

const SPECIAL = new RegExp(`[${Object.keys(PLAIN).join("")}]`, "g");
/**
 * Marks that people often omit: accents of Latin, Greek and Cyrillic letters, Hebrew points, Arabic points
 * and tatweel. Not the vowel signs of Indic scripts.
 */
const ACCENTS =
  /[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed]/g;
/**
 * O'Brien and OBrien are one name, and so are ʻIolani and Iolani. Invisible characters, such as joiners and
 * direction marks, are ignored, except for the zero-width space.
 */
const APOSTROPHES = /['’‘ʼʻʽʾʿ`´]|(?!\u200b)\p{Cf}/gu;
const OTHERS = /[^\p{L}\p{M}\p{N}]+/gu;
const PLAIN_ASCII = /^[a-z0-9 ]*$/;

/** Longer words are cut; in code points. */
const MAX_WORD = 40;

/**
 * The words of a text in lower case, without accents and apostrophes, at most `limit` of them: how names,
 * places and queries are compared.
 */
export function foldWords(text: string, limit = Number.POSITIVE_INFINITY): string[] {
  const words: string[] = [];
  for (const word of foldText(text).split(" ")) {
    if (words.length >= limit) break;
    if (word !== "") words.push(word.length <= MAX_WORD ? word : [...word].slice(0, MAX_WORD).join(""));
  }
  return words;
}

function foldText(text: string): string {
  const lower = text.toLowerCase();
  if (PLAIN_ASCII.test(lower)) return lower;
  return lower
    .replace(APOSTROPHES, "")
    .normalize("NFKD")
    .replace(ACCENTS, "")
    .replace(SPECIAL, (letter) => PLAIN[letter] as string)
    .normalize("NFC")
    .toLowerCase()
    .replace(OTHERS, " ");
}
