import { foldWords } from "./fold.ts";

const WORD = /[\p{L}\p{M}\p{N}'’]+/gu;

/** Lengths in letters: of an excerpt, and of the text before its first match. */
const EXCERPT = 160;
const BEFORE = 40;

/** Endings that English words differ by. */
const ENDINGS = ["s", "es", "ed", "d", "ing", "er", "ers", "ly"] as const;

/** A piece of a text: whether it is a word that was searched for. */
export type Piece = { readonly text: string; readonly isMatch: boolean };

/**
 * The text in pieces. Those that fold to one of the words, or to one that differs only by an ending, are
 * marked. A long text is cut to an excerpt around the first of them.
 */
export function highlight(text: string, words: readonly string[]): Piece[] {
  const whole = text.replace(/\s+/g, " ").trim();
  const matches = [...whole.matchAll(WORD)].filter(([word]) => isMatch(word, words));
  const { from, to } = excerptOf(whole, matches[0]?.index ?? 0);
  const pieces: Piece[] = [];
  const add = (piece: string, isMatching: boolean) => {
    if (piece !== "") pieces.push({ text: piece, isMatch: isMatching });
  };
  let at = from;
  if (from > 0) add("… ", false);
  for (const { index, 0: word } of matches) {
    if (index < from || index + word.length > to) continue;
    add(whole.slice(at, index), false);
    add(word, true);
    at = index + word.length;
  }
  add(whole.slice(at, to), false);
  if (to < whole.length) add(" …", false);
  return pieces;
}

/** Cut between words, so that no character is cut in two. */
function excerptOf(text: string, match: number): { from: number; to: number } {
  const earliest = Math.max(0, match - BEFORE);
  const from = earliest === 0 ? 0 : Math.min(text.indexOf(" ", earliest) + 1 || match, match);
  if (text.length - from <= EXCERPT) return { from, to: text.length };
  const end = text.lastIndexOf(" ", from + EXCERPT);
  if (end > from) return { from, to: end };
  // One long word.
  const cut = from + EXCERPT;
  return { from, to: /[\uD800-\uDBFF]/.test(text[cut - 1] ?? "") ? cut - 1 : cut };
}

function isMatch(word: string, words: readonly string[]): boolean {
  const [folded] = foldWords(word, 1);
  return folded !== undefined && words.some((one) => isSame(folded, one));
}

const MIN_STEM = 3;

function isSame(a: string, b: string): boolean {
  if (a === b) return true;
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  if (short.length < MIN_STEM || !long.startsWith(short)) return false;
  return ENDINGS.some((ending) => long === short + ending);
}
