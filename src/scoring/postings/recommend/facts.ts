import type { Level } from "./title.ts";

/** A salary in one currency. */
export type Salary = { readonly yearly: number; readonly currency: string };

/** A posting in the form that is scored. Skills are indexes in `SKILLS`, words are folded. */
export type RecommendPosting = {
  readonly id: number;
  /** The same for all copies of a posting; null when no copy is known. */
  readonly cluster: number | null;
  /** `companyKey` of its company. */
  readonly company: string;
  /** Ascending. */
  readonly skills: readonly number[];
  /**
   * Those of them that the title names and that are used in the work, such as a language or a tool.
   * Ascending.
   */
  readonly stack: readonly number[];
  /** The role words of its title, each once. */
  readonly roleWords: readonly string[];
  readonly level: Level | null;
  /** Title, company and description, word by word. */
  readonly textWords: readonly string[];
  readonly isRemote: boolean;
  /** The highest salary that it offers. */
  readonly salary: Salary | null;
  /** When it was posted, else when it was first stored, in milliseconds. */
  readonly postedAt: number;
  /** When it was first stored, in milliseconds. */
  readonly scrapedAt: number;
};

/** The facts of a user that postings are scored for. */
export type RecommendUser = {
  readonly id: number;
  /** Ascending. */
  readonly skills: readonly number[];
  /** The role words of each title that they look for. */
  readonly targets: readonly (readonly string[])[];
  readonly level: Level | null;
  readonly wantsRemote: boolean;
  /** Whether they want only remote work. */
  readonly remoteOnly: boolean;
  /** The lowest salary that they accept. */
  readonly salary: Salary | null;
  /** Phrases that must not occur in a posting, word by word. */
  readonly excludedKeywords: readonly (readonly string[])[];
  /** Keys of companies. */
  readonly blacklist: ReadonlySet<string>;
  /** Older postings are left out. */
  readonly freshnessDays: number;
  /**
   * Postings that are never shown, since they were applied for, dismissed or hidden; and their copies. Ids of
   * clusters, or of postings without a known copy; the cluster that such a posting joins later has its id.
   */
  readonly hidden: ReadonlySet<number>;
  /** Number of dismissals of a company in the last 90 days, by its key. */
  readonly dismissedCompanies: ReadonlyMap<string, number>;
  /** Role words of titles that were dismissed in the last 90 days. */
  readonly dismissedWords: ReadonlySet<string>;
  /** On how many days a posting was seen without a click, by its id. */
  readonly seenDays: ReadonlyMap<number, number>;
  /** Role words of postings that were saved or applied for. */
  readonly interests: ReadonlySet<string>;
};

/** Weight of each skill by its index, a whole number: rarer skills weigh more. */
export type Rarity = ArrayLike<number>;

/** The highest weight of a skill. */
const MAX_RARITY = 40;
/** Four steps to an octave, so that weights seldom change. */
const STEPS_PER_OCTAVE = 4;
/** Pseudo-count of postings, so that a small corpus does not decide which skills are common. */
const ASSUMED = { postings: 50, named: 1 } as const;

/**
 * Weight of a skill: 1 + 4 x log2((postings + 50) / (postings that name it + 1)), rounded, from 1 to 40.
 *
 * @param named number of postings that name the skill.
 * @param postings number of all postings.
 */
export const rarityOf = (named: number, postings: number): number =>
  Math.min(
    MAX_RARITY,
    Math.max(
      1,
      Math.round(1 + STEPS_PER_OCTAVE * Math.log2((postings + ASSUMED.postings) / (named + ASSUMED.named))),
    ),
  );

/** Sum of the weights of skills. */
export const rarityTotal = (skills: readonly number[], rarity: Rarity): number => {
  let total = 0;
  for (const skill of skills) total += rarity[skill] as number;
  return total;
};
