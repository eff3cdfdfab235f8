import { foldWords } from "./fold.ts";

/** A word of a query, or several in quotation marks, which have to follow each other. */
export type SearchTerm = { readonly words: readonly string[]; readonly negated: boolean };

/** Further terms of a query are ignored. */
const MAX_TERMS = 8;
const MAX_PHRASE = 8;

/** Words without meaning for a search of people. Only words that are not names either. */
const STOP_WORDS = new Set(
  "a an and are as at be by for from in is it its my of on or that the this to was who with".split(" "),
);

const TERM = /(-?)(?:"([^"]*)"?|(\S+))/g;

/**
 * The terms of a query as people type it: words, "a phrase", -without. Stop words are left out unless there
 * is nothing else; a word that folds to several, as in Anne-Marie, becomes several terms.
 */
export function parseSearch(text: string): SearchTerm[] {
  const terms: SearchTerm[] = [];
  for (const [, minus, quoted, word] of text.matchAll(TERM)) {
    const words = foldWords(quoted ?? word ?? "", MAX_PHRASE);
    const negated = minus === "-";
    if (words.length === 0) continue;
    // A phrase stays together, and so does what is excluded.
    if (quoted !== undefined || negated) terms.push({ words, negated });
    else terms.push(...words.map((one) => ({ words: [one], negated })));
  }
  const telling = terms.filter(({ words }) => words.some((word) => !STOP_WORDS.has(word)));
  const kept = telling.some(({ negated }) => !negated) ? telling : terms;
  return kept.slice(0, MAX_TERMS);
}

/** Letters and digits of the terms that are looked for. */
export const lettersOf = (terms: readonly SearchTerm[]): number =>
  terms
    .filter(({ negated }) => !negated)
    .flatMap(({ words }) => words)
    .reduce((sum, word) => sum + [...word].length, 0);
