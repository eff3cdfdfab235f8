import { type Mention, resolveMentions, type WordList } from "./context.ts";
import { SKILLS } from "./vocabulary.ts";
import { foldedWords, normalizeText, splitWords, type Word } from "./words.ts";

/** A node of the tree of all spellings, word by word. */
export type SkillNode = {
  /** The skill that ends here; -1 for none. */
  skill: number;
  isAmbiguous: boolean;
  readonly next: Map<string, SkillNode>;
};

const node = (): SkillNode => ({ skill: -1, isAmbiguous: false, next: new Map() });

function addPath(root: SkillNode, path: readonly string[], skill: number, isAmbiguous: boolean): void {
  let at = root;
  for (const word of path) {
    const next = at.next.get(word) ?? node();
    at.next.set(word, next);
    at = next;
  }
  // The first one wins: spellings come before what is derived from them.
  if (at.skill >= 0) return;
  at.skill = skill;
  at.isAmbiguous = isAmbiguous;
}

/** "JavaScript" as two words. Empty where a part would be a single letter. */
function splitCamelCase(text: string): string[] {
  const parts = text.replace(/([a-z])([A-Z])/g, "$1 $2");
  const words = parts === text ? [] : foldedWords(parts);
  return words.some((word) => word.length < 2) ? [] : words;
}

function buildTree(): SkillNode {
  const root = node();
  const all = SKILLS.flatMap(({ spellings }, skill) => spellings.map((spelling) => ({ skill, ...spelling })));
  for (const { skill, text, isAmbiguous } of all) addPath(root, foldedWords(text), skill, isAmbiguous);
  for (const { skill, text, isAmbiguous } of all) {
    const words = foldedWords(text);
    if (words.length > 1 && words.join("").length > 3) addPath(root, [words.join("")], skill, isAmbiguous);
    const withoutAnd = words.filter((word) => word !== "and");
    if (withoutAnd.length > 1 && withoutAnd.length < words.length)
      addPath(root, withoutAnd, skill, isAmbiguous);
    const split = splitCamelCase(text);
    if (split.length > 1) addPath(root, split, skill, isAmbiguous);
  }
  return root;
}

let built: SkillNode | null = null;

/**
 * The root of the tree. It is built at its first use: most processes read no text, and building it took a
 * quarter of the time to load the modules of the service.
 */
export function skillTree(): SkillNode {
  built ??= buildTree();
  return built;
}

/**
 * Whether two words next to each other can be parts of one name: a space, a line break, a hyphen, a slash or
 * an inner dot lies between them, and no comma or end of a sentence.
 */
export function areJoined(text: string, from: number, to: number): boolean {
  if (to - from > 3) return false;
  let marks = 0;
  for (let at = from; at < to; at++) {
    const char = text[at] as string;
    if (char === " " || char === "\n" || char === "\t") continue;
    if (char === "." && to - from > 1) return false;
    if (!"-_./'’&".includes(char)) return false;
    marks += 1;
  }
  return marks < 2;
}

/** Mentions from left to right, the longest name at each position; none overlaps another. */
function findMentions(text: string, words: readonly Word[]): Mention[] {
  const root = skillTree();
  const mentions: Mention[] = [];
  for (let first = 0; first < words.length; first++) {
    let at = root;
    let found: Mention | null = null;
    for (let last = first; last < words.length; last++) {
      const word = words[last] as Word;
      if (last > first && !areJoined(text, (words[last - 1] as Word).end, word.start)) break;
      const next = at.next.get(word.folded);
      if (next === undefined) break;
      at = next;
      if (at.skill >= 0) found = { skill: at.skill, first, last, isSure: !at.isAmbiguous };
    }
    if (found === null) continue;
    mentions.push(found);
    first = found.last;
  }
  return mentions;
}

/** At most this many characters of a text are read: longer ones are not written for people. */
export const MAX_TEXT = 200_000;

/** The part of a text that is read: its beginning, in Unicode compatibility form (NFKC). */
export const readableText = (text: string): string =>
  normalizeText(text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text);

/** The skills of mentions that the context confirms, in their order, each once. */
export const skillsOfMentions = (text: string, words: WordList, mentions: readonly Mention[]): number[] => [
  ...new Set(resolveMentions(text, words, mentions).map(({ skill }) => skill)),
];

/** `matchSkills` by the tree, word by word: the reference that it is tested against. */
export function matchSkillsByTree(text: string): number[] {
  const read = readableText(text);
  const words = splitWords(read);
  const list = { length: words.length, at: (index: number) => words[index] };
  return skillsOfMentions(read, list, findMentions(read, words));
}
