import type { Mention, WordList } from "./context.ts";
import { childBy, type FlatTree, flattenTree, hashChar, hashWord, wordNumber } from "./flat-tree.ts";
import { areJoined, readableText, skillsOfMentions, skillTree } from "./skill-tree.ts";
import { ASCII_FOLDED, classOf, DOT_PREFIX, isAfterDot, SIGN, WORD, wordAt } from "./words.ts";

const ASCII_SIZE = ASCII_FOLDED.length;
const EMPTY_HASH = hashWord("");
const DOT_HASH = hashWord(DOT_PREFIX);

let flat: FlatTree | null = null;

function flatSkillTree(): FlatTree {
  flat ??= flattenTree(skillTree());
  return flat;
}

/**
 * The words of a text: where each starts and ends, whether it is ASCII, and its number in the tree, -1 for
 * none.
 */
type Scan = {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly isAscii: Uint8Array;
  readonly words: Int32Array;
};

const openScan = (size: number): Scan => ({
  starts: new Int32Array(size),
  ends: new Int32Array(size),
  isAscii: new Uint8Array(size),
  words: new Int32Array(size),
});

/** Memory for texts of up to this many words, reused for one after another. Descriptions have fewer. */
const SHARED_SIZE = 8_192;
const sharedScan = openScan(SHARED_SIZE);

/** Each word is followed by a separator, so a text has at most half as many words as characters. */
const scanFor = ({ length }: string): Scan =>
  length < 2 * SHARED_SIZE ? sharedScan : openScan((length >> 1) + 1);

/** Splits a text as `wordsOf` does, without a string for each word. @returns the number of words. */
function scanWords(tree: FlatTree, text: string, { starts, ends, isAscii, words }: Scan): number {
  const { length } = text;
  let count = 0;
  let at = 0;
  while (at < length) {
    let code = text.charCodeAt(at);
    if (code < ASCII_SIZE ? ASCII_FOLDED[code] === 0 : classOf(code) !== WORD) {
      at += 1;
      continue;
    }
    const start = at;
    const hasDot = isAfterDot(text, start);
    let hash = hasDot ? DOT_HASH : EMPTY_HASH;
    let isPlain = true;
    for (; at < length; at++) {
      code = text.charCodeAt(at);
      if (code < ASCII_SIZE) {
        const folded = ASCII_FOLDED[code] as number;
        if (folded === 0) break;
        hash = hashChar(hash, folded);
      } else {
        if (classOf(code) !== WORD) break;
        isPlain = false;
      }
    }
    for (; at < length; at++) {
      code = text.charCodeAt(at);
      if (code >= ASCII_SIZE || classOf(code) !== SIGN) break;
      hash = hashChar(hash, code);
    }
    starts[count] = start;
    ends[count] = at;
    isAscii[count] = isPlain ? 1 : 0;
    words[count] = isPlain
      ? findWord(tree, text, start, at, hash, hasDot)
      : wordNumber(tree, wordAt(text, start, at, false).folded);
    count += 1;
  }
  return count;
}

/** The number of an ASCII word of a text; -1 for one that is not in the tree. */
function findWord(
  tree: FlatTree,
  text: string,
  start: number,
  end: number,
  hash: number,
  hasDot: boolean,
): number {
  const { slots, hashes, chars, charStarts } = tree;
  const prefix = hasDot ? DOT_PREFIX.length : 0;
  for (let slot = hash & (slots.length - 1); ; slot = (slot + 1) & (slots.length - 1)) {
    const word = slots[slot] as number;
    if (word < 0) return -1;
    if (hashes[word] !== hash) continue;
    const from = (charStarts[word] as number) + prefix;
    if ((charStarts[word + 1] as number) - from !== end - start) continue;
    let n = 0;
    while (n < end - start && isSame(chars[from + n] as number, text.charCodeAt(start + n))) n += 1;
    if (n === end - start && (!hasDot || startsWithDot(chars, charStarts[word] as number))) return word;
  }
}

/** Signs are not folded. */
const isSame = (folded: number, code: number): boolean => folded === code || folded === ASCII_FOLDED[code];

function startsWithDot(chars: Uint16Array, from: number): boolean {
  for (let n = 0; n < DOT_PREFIX.length; n++) if (chars[from + n] !== DOT_PREFIX.charCodeAt(n)) return false;
  return true;
}

/** Mentions from left to right, the longest name at each position; none overlaps another. */
function findMentions(tree: FlatTree, text: string, { starts, ends, words }: Scan, count: number): Mention[] {
  const mentions: Mention[] = [];
  for (let first = 0; first < count; first++) {
    let node = 0;
    let foundNode = 0;
    let foundLast = first;
    for (let last = first; last < count; last++) {
      const word = words[last] as number;
      if (word < 0) break;
      if (last > first && !areJoined(text, ends[last - 1] as number, starts[last] as number)) break;
      node = childBy(tree, node, word);
      if (node === 0) break;
      if ((tree.skills[node] as number) < 0) continue;
      foundNode = node;
      foundLast = last;
    }
    if (foundNode === 0) continue;
    const skill = tree.skills[foundNode] as number;
    mentions.push({ skill, first, last: foundLast, isSure: tree.isAmbiguous[foundNode] === 0 });
    first = foundLast;
  }
  return mentions;
}

/** The scanned words, folded when the context needs them. */
const scannedWords = (text: string, { starts, ends, isAscii }: Scan, length: number): WordList => ({
  length,
  at: (index) =>
    index < 0 || index >= length
      ? undefined
      : wordAt(text, starts[index] as number, ends[index] as number, isAscii[index] === 1),
});

/**
 * The skills that a text names, in the order of their first mention: whole words only, in any spelling of the
 * vocabulary. Words that also mean something else (go, swift, excel) count only where the context names a
 * skill (context.ts).
 *
 * @returns indexes in `SKILLS`.
 */
export function matchSkills(text: string): number[] {
  const tree = flatSkillTree();
  const read = readableText(text);
  const scan = scanFor(read);
  const count = scanWords(tree, read, scan);
  return skillsOfMentions(read, scannedWords(read, scan, count), findMentions(tree, read, scan, count));
}
