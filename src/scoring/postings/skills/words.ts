/** A word of a text: letters and digits, with the plus and number signs that follow them (C++, C#). */
export type Word = {
  /** Compatibility forms, case and accents removed. A word after a leading dot starts with "dot": .NET. */
  readonly folded: string;
  readonly start: number;
  /** One past the last character. */
  readonly end: number;
};

/** Classes of characters. */
export const OTHER = 0;
export const WORD = 1;
export const SIGN = 2;

const ASCII_SIZE = 128;

/** The class of each ASCII character. */
const ASCII = Uint8Array.from({ length: ASCII_SIZE }, (_, code) => {
  const text = String.fromCharCode(code);
  if (/[A-Za-z0-9]/.test(text)) return WORD;
  return text === "+" || text === "#" ? SIGN : OTHER;
});

/** The folded form of each ASCII character that words consist of; 0 for the others. */
export const ASCII_FOLDED = Uint8Array.from({ length: ASCII_SIZE }, (_, code) =>
  ASCII[code] === WORD ? String.fromCharCode(code).toLowerCase().charCodeAt(0) : 0,
);

const LETTER = /[\p{L}\p{M}\p{N}]/u;
const MARKS = /\p{M}/gu;
const DOT = 46;

/** A cache of the classes of other characters. Code units: at most 65,536. */
const met = new Map<number, number>();

/** The class of a code unit. */
export function classOf(code: number): number {
  if (code < ASCII_SIZE) return ASCII[code] as number;
  // Characters beyond the basic plane are read as letters: their two halves stay together.
  if (code >= 0xd800 && code <= 0xdfff) return WORD;
  let found = met.get(code);
  if (found === undefined) {
    found = LETTER.test(String.fromCharCode(code)) ? WORD : OTHER;
    met.set(code, found);
  }
  return found;
}

/**
 * Splits a text into words, in order.
 *
 * @param text normalized to NFKC where it has other than ASCII characters (`normalizeText`).
 */
export function splitWords(text: string): Word[] {
  const words: Word[] = [];
  const { length } = text;
  let at = 0;
  while (at < length) {
    if (classOf(text.charCodeAt(at)) !== WORD) {
      at += 1;
      continue;
    }
    const start = at;
    let isAscii = true;
    let kind = WORD;
    while (at < length && kind === WORD) {
      const code = text.charCodeAt(at);
      kind = classOf(code);
      if (kind !== WORD) break;
      if (code >= ASCII_SIZE) isAscii = false;
      at += 1;
    }
    while (at < length && classOf(text.charCodeAt(at)) === SIGN) at += 1;
    words.push(wordAt(text, start, at, isAscii));
  }
  return words;
}

/** What the folded form of a word after a leading dot starts with. */
export const DOT_PREFIX = "dot";

/** The word of a text from `start` to `end`. @param isAscii whether it has ASCII characters only. */
export function wordAt(text: string, start: number, end: number, isAscii: boolean): Word {
  const written = text.slice(start, end).toLowerCase();
  const plain = isAscii ? written : written.normalize("NFD").replace(MARKS, "");
  return { folded: isAfterDot(text, start) ? DOT_PREFIX + plain : plain, start, end };
}

/** Whether a dot starts the word: one that no word and no other dot comes before. */
export function isAfterDot(text: string, start: number): boolean {
  if (start === 0 || text.charCodeAt(start - 1) !== DOT) return false;
  if (start === 1) return true;
  const before = text.charCodeAt(start - 2);
  return before !== DOT && classOf(before) === OTHER;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII starts with them.
const ONLY_ASCII = /^[\x00-\x7f]*$/;

/** Compatibility forms: full-width letters, ligatures and the like become ordinary ones. */
export const normalizeText = (text: string): string =>
  ONLY_ASCII.test(text) ? text : text.normalize("NFKC");

/** The words of a name, folded. An ampersand is read as "and". */
export const foldedWords = (name: string): string[] =>
  splitWords(normalizeText(name).replaceAll("&", " and ")).map(({ folded }) => folded);
