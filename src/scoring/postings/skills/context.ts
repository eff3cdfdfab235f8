import { SKILLS } from "./vocabulary.ts";
import type { Word } from "./words.ts";

/** A skill named in a text, by the words from `first` to `last`. */
export type Mention = {
  readonly skill: number;
  readonly first: number;
  readonly last: number;
  /** False for a word that also means something else: the context decides. */
  readonly isSure: boolean;
};

/** The words of a text. `at` gives undefined outside of it. */
export type WordList = { readonly length: number; at(index: number): Word | undefined };

const words = (list: string): ReadonlySet<string> => new Set(list.trim().split(/\s+/));

/** Words before a skill that is written with a capital: "experience with Go". */
const BEFORE = words(`in with using of know knows knowledge learn learning experience experienced skills skill
  proficient proficiency expertise language languages framework frameworks stack technologies tools ms microsoft
  apache adobe google programming coding write writing speak`);
/** Words after one. */
const AFTER =
  words(`developer developers engineer engineers programmer programmers programming language languages lang
  framework code coding scripting scripts codebase backend frontend microservices services application applications
  app apps skills spreadsheet spreadsheets macros formulas sheets expert specialist stack`);
/** Words after one that is not written with a capital: "a go developer". */
const AFTER_LOWER = words("developer developers programmer programmers programming lang language");

/** The names of natural languages are names of nations as well. */
const SPOKEN_BEFORE = words(`fluent native speak speaks speaking spoken written language languages proficient
  proficiency bilingual conversational business-level`);
const SPOKEN_AFTER =
  words(`speaker speakers speaking language languages fluency fluent native proficiency level
  skills a1 a2 b1 b2 c1 c2 teacher translator lessons`);
/** Words between such a word and the name: "fluent in German". */
const FILLERS = words("in of and or the spoken written both english");

const AND = words("and or und oder et y e");
const LIST_GAP = /^[\s,;/|•·*()[\]&+–—:-]*$/;
const LIST_MARK = /[,;/|•·*\n&+–—(]/;

/**
 * Keeps the mentions that name a skill: the unambiguous ones, and of the others those in a list with one that
 * is kept, in a list of three or more with capitals, or beside a word such as "developer".
 */
export function resolveMentions(text: string, inText: WordList, mentions: readonly Mention[]): Mention[] {
  if (mentions.every(({ isSure }) => isSure)) return [...mentions];
  const passage = { text, words: inText };
  const kept = mentions.map((mention) => mention.isSure || isNamedByNeighbours(passage, mention));
  const follows = mentions.map((mention, index) => {
    const before = mentions[index - 1];
    return before !== undefined && isListed(passage, before, mention);
  });
  keepListed(passage, mentions, kept, follows);
  return mentions.filter((_, index) => kept[index]);
}

type Passage = { readonly text: string; readonly words: WordList };

/** Carries "kept" along each list, in both directions. */
function keepListed(
  passage: Passage,
  mentions: readonly Mention[],
  kept: boolean[],
  follows: readonly boolean[],
): void {
  for (let from = 0; from < mentions.length; ) {
    let to = from + 1;
    while (to < mentions.length && follows[to]) to += 1;
    const list = mentions.slice(from, to);
    const capitals = list.filter((mention) => isFitToStand(passage, mention)).length;
    const isKept = kept.slice(from, to).some(Boolean) || capitals >= 3;
    if (list.length > 1 && isKept)
      for (const [index, mention] of list.entries())
        if (isFitToStand(passage, mention) || isAlone(passage, mention)) kept[from + index] = true;
    from = to;
  }
}

/** Whether `b` is the next item of a list that has `a` in it. */
function isListed({ text, words: all }: Passage, a: Mention, b: Mention): boolean {
  const between = b.first - a.last - 1;
  const from = all.at(a.last) as Word;
  const to = all.at(b.first) as Word;
  if (between === 0) {
    const gap = text.slice(from.end, to.start);
    return gap.length <= 6 && LIST_GAP.test(gap) && LIST_MARK.test(gap);
  }
  if (between > 1) return false;
  const word = all.at(a.last + 1) as Word;
  return (
    AND.has(word.folded) && LIST_GAP.test(text.slice(from.end, word.start) + text.slice(word.end, to.start))
  );
}

const isUpper = (char: string | undefined): boolean => char !== undefined && char !== char.toLowerCase();

/** Whether it is written as a name. A single letter must not be part of a longer word such as R&D. */
function isFitToStand({ text, words: all }: Passage, { skill, first, last }: Mention): boolean {
  const start = (all.at(first) as Word).start;
  const end = (all.at(last) as Word).end;
  const isWritten = isUpper(text[start]) || !isUpper(SKILLS[skill]?.name[0]);
  if (!isWritten) return false;
  if (end - start > 1) return true;
  return !/[&'’.-]/.test(text[start - 1] ?? " ") && !/[&'’-]/.test(text[end] ?? " ");
}

/** Whether punctuation, or an end of the text, is on both sides: an item of a list typed in lower case. */
function isAlone({ text, words: all }: Passage, { first, last }: Mention): boolean {
  const before = text.slice(all.at(first - 1)?.end ?? 0, (all.at(first) as Word).start);
  const after = text.slice((all.at(last) as Word).end, all.at(last + 1)?.start ?? text.length);
  const startsItem = first === 0 || LIST_MARK.test(before) || before.includes(":");
  return startsItem && (last === all.length - 1 || LIST_MARK.test(after) || /[.)\]]/.test(after));
}

function isNamedByNeighbours(passage: Passage, mention: Mention): boolean {
  const { text, words: all } = passage;
  const before = all.at(mention.first - 1);
  const after = all.at(mention.last + 1);
  const start = (all.at(mention.first) as Word).start;
  const end = (all.at(mention.last) as Word).end;
  const isAfterSpace = before !== undefined && /^[ \n]$/.test(text.slice(before.end, start));
  const isBeforeSpace = after !== undefined && /^[ \n-]$/.test(text.slice(end, after.start));
  const { kind } = SKILLS[mention.skill] as (typeof SKILLS)[number];
  if (kind === "natural-language") return isSpoken(passage, mention);
  if (isBeforeSpace && AFTER_LOWER.has(after.folded)) return true;
  if (!isFitToStand(passage, mention)) return false;
  if (isBeforeSpace && AFTER.has(after.folded)) return true;
  if (!isAfterSpace || !BEFORE.has(before.folded)) return false;
  // In "with Swift Logistics" it is part of another name.
  return !(isBeforeSpace && isUpper(text[after.start]) && !AND.has(after.folded));
}

/** "fluent in German", "German (C1)", "German speaking". */
function isSpoken({ text, words: all }: Passage, { first, last }: Mention): boolean {
  if (!isUpper(text[(all.at(first) as Word).start])) return false;
  const after = all.at(last + 1);
  if (after !== undefined && SPOKEN_AFTER.has(after.folded)) {
    const gap = text.slice((all.at(last) as Word).end, after.start);
    if (/^[ (:–-]{1,3}$/.test(gap)) return true;
  }
  let at = first - 1;
  while (at >= 0 && first - at < 5 && FILLERS.has((all.at(at) as Word).folded)) at -= 1;
  const before = all.at(at);
  return before !== undefined && SPOKEN_BEFORE.has(before.folded);
}
