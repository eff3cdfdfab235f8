import { foldedWords } from "../skills/words.ts";

/** Levels of seniority, lowest first. */
export const LEVELS = ["entry", "mid", "senior", "lead", "executive"] as const;
export type Level = (typeof LEVELS)[number];

const words = (list: string): readonly string[] => list.trim().split(/\s+/);

/** Words that state a level, by level. */
const LEVEL_WORDS: Readonly<Record<Level, readonly string[]>> = {
  entry: words("junior jr entry trainee intern internship graduate apprentice"),
  mid: words("mid intermediate medior"),
  senior: words("senior sr experienced"),
  lead: words("lead principal staff head"),
  executive: words("chief vp director cto ceo cfo coo cio executive president"),
};

const levelOfWord = new Map<string, Level>(
  LEVELS.flatMap((level) => LEVEL_WORDS[level].map((word) => [word, level] as const)),
);

/**
 * Level words that are not part of the role: a senior accountant is an accountant, but a director is a
 * director.
 */
const IGNORED = new Set([
  ...LEVEL_WORDS.entry,
  ...LEVEL_WORDS.mid,
  ...LEVEL_WORDS.senior,
  ...words("lead principal staff level i ii iii iv v"),
  // Words in titles that are not part of the role.
  ...words(`and of the for in to a an with all other at or on m w f d x h remote hybrid onsite full part time fulltime
    parttime contract freelance temporary permanent und fur`),
]);

const ABBREVIATIONS: ReadonlyMap<string, string> = new Map([
  ["dev", "developer"],
  ["devs", "developer"],
  ["eng", "engineer"],
  ["mgr", "manager"],
  ["admin", "administrator"],
  ["asst", "assistant"],
  ["rep", "representative"],
]);

/** The singular of an English plural, by its ending. */
function singular(word: string): string {
  if (word.length < 4 || !word.endsWith("s") || /(ss|us|is)$/.test(word)) return word;
  if (word.endsWith("ies")) return `${word.slice(0, -3)}y`;
  return /(ses|xes|ches|shes)$/.test(word) ? word.slice(0, -2) : word.slice(0, -1);
}

/** A title is read up to this many words. */
const MAX_ROLE_WORDS = 12;

/**
 * The words of a title that name the role, each once, in their order: "Senior Data Engineers (m/w/d)" gives
 * data, engineer.
 */
export function roleWordsOf(title: string): string[] {
  const found = new Set<string>();
  for (const word of foldedWords(title)) {
    if (IGNORED.has(word)) continue;
    found.add(ABBREVIATIONS.get(word) ?? singular(word));
    if (found.size === MAX_ROLE_WORDS) break;
  }
  return [...found];
}

/** The level that a title states: the highest, where it states several. */
export function levelOf(title: string): Level | null {
  const stated = foldedWords(title).flatMap((word) => levelOfWord.get(word) ?? []);
  return LEVELS.findLast((level) => stated.includes(level)) ?? null;
}
