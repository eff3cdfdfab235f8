const MARKS = /\p{M}+/gu;
const WORD = /[\p{L}\p{N}]+/gu;

/** The words of a text: lower case, without accents. Splits at everything but letters and digits. */
export const wordsOf = (text: string): string[] =>
  text.normalize("NFKD").replace(MARKS, "").toLowerCase().match(WORD) ?? [];
