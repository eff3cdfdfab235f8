import type { Rarity, RecommendPosting } from "./facts.ts";
import { LEVELS } from "./title.ts";

/** Lists of numbers, one after the other: list n is `values[starts[n] .. starts[n + 1])`. */
export type Lists = { readonly starts: Int32Array; readonly values: Int32Array };

/**
 * Postings by skill, title word and text word, in memory that threads share. Postings are numbered from 0 in
 * the order of their ids, and words by their line in `words`.
 */
export type PostingIndex = {
  readonly ids: Float64Array;
  /** -1 where no copy is known. */
  readonly clusters: Float64Array;
  /** The word of each company's key. */
  readonly companies: Int32Array;
  readonly postedAt: Float64Array;
  readonly scrapedAt: Float64Array;
  readonly isRemote: Uint8Array;
  /** Index in LEVELS; -1 for none. */
  readonly levels: Int8Array;
  /** Yearly; NaN without one. */
  readonly salaries: Float64Array;
  /** The word of its currency; -1 without a salary. */
  readonly currencies: Int32Array;
  /** Postings by skill. */
  readonly bySkill: Lists;
  /** Skills, skills of the title and role words by posting. */
  readonly skills: Lists;
  readonly stack: Lists;
  readonly roleWords: Lists;
  /** Postings by role word. */
  readonly byRoleWord: Lists;
  /** The text by posting, word by word. */
  readonly text: Lists;
  /** Postings by word of the text, each once. */
  readonly byTextWord: Lists;
  /** Separated by line breaks. */
  readonly words: string;
};

const shared = (bytes: number) => new SharedArrayBuffer(bytes);
const int32 = (length: number) => new Int32Array(shared(length * 4));
const float64 = (length: number) => new Float64Array(shared(length * 8));

function listsOf(lists: readonly ArrayLike<number>[]): Lists {
  const starts = int32(lists.length + 1);
  for (const [n, { length }] of lists.entries()) starts[n + 1] = (starts[n] as number) + length;
  const values = int32(starts[lists.length] as number);
  for (const [n, list] of lists.entries()) values.set(list, starts[n]);
  return { starts, values };
}

/** From lists of values by key to lists of keys by value, each key once, ascending. @param size of values. */
function inverted({ starts, values }: Lists, size: number): Lists {
  const lastKey = new Int32Array(size).fill(-1);
  const counts = new Int32Array(size + 1);
  const visit = (found: (value: number, key: number) => void): void => {
    lastKey.fill(-1);
    for (let key = 0; key + 1 < starts.length; key++)
      for (let at = starts[key] as number; at < (starts[key + 1] as number); at++) {
        const value = values[at] as number;
        if (lastKey[value] === key) continue;
        lastKey[value] = key;
        found(value, key);
      }
  };
  visit((value) => {
    counts[value + 1] = (counts[value + 1] as number) + 1;
  });
  for (let n = 0; n < size; n++) counts[n + 1] = (counts[n + 1] as number) + (counts[n] as number);
  const inStarts = int32(size + 1);
  inStarts.set(counts);
  const inValues = int32(counts[size] as number);
  visit((value, key) => {
    inValues[counts[value] as number] = key;
    counts[value] = (counts[value] as number) + 1;
  });
  return { starts: inStarts, values: inValues };
}

/** Numbers words in the order in which they occur. */
function openDictionary() {
  const numbers = new Map<string, number>();
  return {
    numbers,
    of(word: string): number {
      const known = numbers.get(word);
      if (known !== undefined) return known;
      numbers.set(word, numbers.size);
      return numbers.size - 1;
    },
  };
}

/** Builds the index. @param skillCount number of skills of the vocabulary. */
export function buildPostingIndex(given: readonly RecommendPosting[], skillCount: number): PostingIndex {
  const postings = [...given].sort((a, b) => a.id - b.id);
  const words = openDictionary();
  const numbered = (list: readonly string[]) => list.map(words.of);
  const count = postings.length;
  const index = {
    ids: float64(count),
    clusters: float64(count),
    companies: int32(count),
    postedAt: float64(count),
    scrapedAt: float64(count),
    isRemote: new Uint8Array(shared(count)),
    levels: new Int8Array(shared(count)),
    salaries: float64(count),
    currencies: int32(count),
  };
  for (const [n, posting] of postings.entries()) {
    const { id, cluster, company, postedAt, scrapedAt, isRemote, level, salary } = posting;
    index.ids[n] = id;
    index.clusters[n] = cluster ?? -1;
    index.companies[n] = words.of(company);
    index.postedAt[n] = postedAt;
    index.scrapedAt[n] = scrapedAt;
    index.isRemote[n] = isRemote ? 1 : 0;
    index.levels[n] = level === null ? -1 : LEVELS.indexOf(level);
    index.salaries[n] = salary?.yearly ?? Number.NaN;
    index.currencies[n] = salary === null ? -1 : words.of(salary.currency);
  }
  const skills = listsOf(postings.map((posting) => posting.skills));
  const roleWords = listsOf(postings.map((posting) => numbered(posting.roleWords)));
  const text = listsOf(postings.map((posting) => numbered(posting.textWords)));
  const wordCount = words.numbers.size;
  return {
    ...index,
    skills,
    bySkill: inverted(skills, skillCount),
    stack: listsOf(postings.map((posting) => posting.stack)),
    roleWords,
    byRoleWord: inverted(roleWords, wordCount),
    text,
    byTextWord: inverted(text, wordCount),
    words: [...words.numbers.keys()].join("\n"),
  };
}

/** The postings that have a role word of a target title, and how many of its words each has. */
export type TitledPostings = { readonly postings: Int32Array; readonly counts: Uint8Array };

/** An index with the data that a thread needs to search it. */
export type OpenIndex = {
  readonly index: PostingIndex;
  readonly rarity: Rarity;
  /** Weight of the skills of each posting. */
  readonly skillTotals: Int32Array;
  readonly words: readonly string[];
  readonly wordNumbers: ReadonlyMap<string, number>;
  readonly positions: ReadonlyMap<number, number>;
  /** Numbers of companies that have no posting in the index, after those of its words. */
  readonly otherCompanies: Map<string, number>;
  /** The positions of the postings of a cluster. */
  readonly byCluster: ReadonlyMap<number, readonly number[]>;
  /** A cache of postings by excluded phrase. */
  readonly byPhrase: Map<string, readonly number[]>;
  /** A cache of postings by target title, and the number of postings in it. */
  readonly byTarget: Map<string, TitledPostings>;
  keptOfTargets: number;
  /** The last result of `freshnessSteps`. */
  steps: { readonly asOf: number; readonly byPosting: Uint8Array } | null;
};

/** Opens an index for searches with these weights. */
export function openIndex(index: PostingIndex, rarity: Rarity): OpenIndex {
  const { starts, values } = index.skills;
  const skillTotals = new Int32Array(index.ids.length);
  for (let n = 0; n < skillTotals.length; n++) {
    let total = 0;
    for (let at = starts[n] as number; at < (starts[n + 1] as number); at++)
      total += rarity[values[at] as number] as number;
    skillTotals[n] = total;
  }
  const words = index.words.split("\n");
  return {
    index,
    rarity,
    skillTotals,
    words,
    wordNumbers: new Map(words.map((word, number) => [word, number])),
    positions: new Map(Array.from(index.ids, (id, position) => [id, position])),
    otherCompanies: new Map(),
    byCluster: positionsByCluster(index),
    byPhrase: new Map(),
    byTarget: new Map(),
    keptOfTargets: 0,
    steps: null,
  };
}

/** The number of a company, which is that of its word if the index has it. */
export function companyNumber({ words, wordNumbers, otherCompanies }: OpenIndex, company: string): number {
  const known = wordNumbers.get(company) ?? otherCompanies.get(company);
  if (known !== undefined) return known;
  const number = words.length + otherCompanies.size;
  otherCompanies.set(company, number);
  return number;
}

function positionsByCluster({ clusters }: PostingIndex): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (const [position, cluster] of clusters.entries()) {
    if (cluster < 0) continue;
    const known = found.get(cluster);
    if (known === undefined) found.set(cluster, [position]);
    else known.push(position);
  }
  return found;
}

/** At most this many phrases are kept; then all are forgotten. */
const MAX_PHRASES = 20_000;

/** The postings whose text contains a phrase. */
export function postingsWithPhrase(open: OpenIndex, phrase: readonly string[]): readonly number[] {
  const key = phrase.join(" ");
  const known = open.byPhrase.get(key);
  if (known !== undefined) return known;
  if (open.byPhrase.size >= MAX_PHRASES) open.byPhrase.clear();
  const found = findPhrase(open, phrase);
  open.byPhrase.set(key, found);
  return found;
}

function findPhrase({ index, wordNumbers }: OpenIndex, phrase: readonly string[]): readonly number[] {
  const numbers = phrase.map((word) => wordNumbers.get(word) ?? -1);
  if (numbers.length === 0 || numbers.includes(-1)) return [];
  const { byTextWord, text } = index;
  const lengthOf = (word: number) =>
    (byTextWord.starts[word + 1] as number) - (byTextWord.starts[word] as number);
  const rarest = numbers.reduce((a, b) => (lengthOf(b) < lengthOf(a) ? b : a));
  const found: number[] = [];
  for (let at = byTextWord.starts[rarest] as number; at < (byTextWord.starts[rarest + 1] as number); at++) {
    const posting = byTextWord.values[at] as number;
    const from = text.starts[posting] as number;
    const to = (text.starts[posting + 1] as number) - numbers.length;
    for (let start = from; start <= to; start++) {
      let length = 0;
      while (length < numbers.length && text.values[start + length] === numbers[length]) length += 1;
      if (length < numbers.length) continue;
      found.push(posting);
      break;
    }
  }
  return found;
}
