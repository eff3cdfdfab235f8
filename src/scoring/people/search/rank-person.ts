import { compareIds } from "../../compare-ids.ts";
import { isTypoOf } from "../../edit-distance.ts";
import { likeness } from "./likeness.ts";
import { namesWith, otherNames, soundsOf } from "./nicknames.ts";
import type { SearchTerm } from "./parse-search.ts";
import type { SearchField } from "./search-query.ts";
import { isShortFor, stemsOf } from "./short-forms.ts";
import { soundKey } from "./sound-key.ts";

/** How a word of a query was found in a name. */
export const NAME_STRENGTHS = {
  exact: 1,
  prefix: 0.9,
  nickname: 0.8,
  typo: 0.6,
  short: 0.5,
  sound: 0.4,
} as const;
export type NameMatch = keyof typeof NAME_STRENGTHS;

/** A name that only has a nickname in common with the word, or the given name: Rob for Bob. */
const SHARED_NICKNAME = 0.7;
/** The greatest strength of a missing word, by its similarity to a name that no other word matched. */
const MISSING_WORD = 0.2;

/** The strength of a word that is found elsewhere. */
export const FIELD_STRENGTHS = { place: 0.5, keyword: 0.4, bio: 0.3 } as const;

/** Added for a name whose words all matched, and for a person at the centre of the radius. */
const WHOLE_NAME = 0.1;
const AT_CENTER = 0.1;

/** Where a term was found, and how: shown with each result. */
export type TermMatch = { readonly field: SearchField; readonly how: NameMatch };

/** A person that the index found, with the facts needed to rank them. */
export type SearchCandidate = {
  readonly userId: string;
  readonly names: readonly string[];
  /** For each term that is not negated, the fields in which the index matched it exactly. */
  readonly fields: readonly ReadonlySet<SearchField>[];
  readonly standing: number;
  /** Null if no place was asked for. */
  readonly km: number | null;
};

export type Ranked = {
  readonly userId: string;
  /** From 0 to 1.2; the best possible match, at the centre, has 1.2. */
  readonly score: number;
  /** One for each term that is not negated; null for one that is missing. */
  readonly matches: readonly (TermMatch | null)[];
};

/** A term with the values that are derived from it once per search. */
export type PreparedTerm = {
  readonly words: readonly string[];
  /** Names that the word is a nickname of, and its own nicknames. */
  readonly related: ReadonlySet<string>;
  /** The same, and names that have one in common with the word. */
  readonly nicknames: ReadonlySet<string>;
  /** The prefixes of names that the word may be a short form of. */
  readonly stems: readonly string[];
  /** The sound of the word and of the names that it is related to. */
  readonly sounds: ReadonlySet<string>;
  readonly isPrefix: boolean;
};

/** @param isPrefix whether the term is a prefix of a name. */
export function prepareTerm({ words }: Pick<SearchTerm, "words">, isPrefix = false): PreparedTerm {
  const [word = ""] = words;
  const isWord = words.length === 1;
  return {
    words,
    related: isWord ? namesWith(word) : new Set(),
    nicknames: new Set(isWord ? otherNames(word) : []),
    stems: isWord ? stemsOf(word) : [],
    sounds: new Set(isWord ? soundsOf(word) : []),
    isPrefix,
  };
}

/** How a word matches one word of a name; null if it does not. */
export function matchName(term: PreparedTerm, name: string): NameMatch | null {
  const [word = ""] = term.words;
  if (word === name) return "exact";
  if (term.isPrefix) return name.startsWith(word) ? "prefix" : null;
  if (term.nicknames.has(name)) return "nickname";
  if (isTypoOf(word, name)) return "typo";
  if (isShortFor(term.stems, name)) return "short";
  return term.sounds.size > 0 && term.sounds.has(soundKey(name) ?? "") ? "sound" : null;
}

const strengthOf = (how: NameMatch, term: PreparedTerm, name: string): number =>
  how === "nickname" && !term.related.has(name) ? SHARED_NICKNAME : NAME_STRENGTHS[how];

type Found = TermMatch & { readonly strength: number; readonly name: number | null };

/** The strongest match of a term; null if there is none, as with names that share a misspelling. */
function bestMatch(
  term: PreparedTerm,
  names: readonly string[],
  fields: ReadonlySet<SearchField>,
): Found | null {
  const found: Found[] = [];
  if (term.words.length === 1)
    for (const [index, name] of names.entries()) {
      const how = matchName(term, name);
      if (how !== null)
        found.push({ field: "name", how, strength: strengthOf(how, term, name), name: index });
    }
  for (const field of fields) {
    const strength = field === "name" ? NAME_STRENGTHS.exact : FIELD_STRENGTHS[field];
    found.push({ field, how: "exact", strength, name: null });
  }
  return found.reduce<Found | null>(
    (best, one) => (best !== null && best.strength >= one.strength ? best : one),
    null,
  );
}

export type RankOptions = {
  /** Null if no place was asked for. */
  readonly radiusKm: number | null;
  /** How many terms may be missing. */
  readonly mayMiss: number;
};

/**
 * score = mean over the terms of the strength of their best match + 0.1 x share of the name that was found +
 * 0.1 x (1 - km / radius). The strength of a term that is missing is 0.2 x its likeness to what is left of
 * the name. Null if more terms are missing than may be.
 */
export function rankPerson(
  terms: readonly PreparedTerm[],
  { userId, names, fields, km }: SearchCandidate,
  { radiusKm, mayMiss }: RankOptions,
): Ranked | null {
  const matches: (TermMatch | null)[] = [];
  const foundNames = new Set<number>();
  let sum = 0;
  for (const [index, term] of terms.entries()) {
    const best = bestMatch(term, names, fields[index] ?? new Set());
    matches.push(best && { field: best.field, how: best.how });
    if (best === null) continue;
    if (best.name !== null) foundNames.add(best.name);
    sum += best.strength;
  }
  const missing = terms.filter((_, index) => matches[index] === null);
  if (missing.length > mayMiss) return null;
  const left = names.filter((_, index) => !foundNames.has(index));
  for (const { words } of missing)
    sum += MISSING_WORD * Math.max(0, ...left.map((name) => likeness(words.join(""), name)));
  const mean = terms.length === 0 ? 0 : sum / terms.length;
  const whole = names.length === 0 ? 0 : (WHOLE_NAME * foundNames.size) / names.length;
  const near = km === null || radiusKm === null ? 0 : AT_CENTER * Math.max(0, 1 - km / radiusKm);
  return { userId, score: mean + whole + near, matches };
}

/** People by score; those with the same score in the static order, then by id. */
export function rankPeople(
  terms: readonly PreparedTerm[],
  candidates: readonly SearchCandidate[],
  options: RankOptions,
): Ranked[] {
  const ranked = candidates.flatMap((candidate) => {
    const result = rankPerson(terms, candidate, options);
    return result === null ? [] : [{ result, candidate }];
  });
  return ranked
    .sort(
      (a, b) =>
        b.result.score - a.result.score ||
        a.candidate.standing - b.candidate.standing ||
        compareIds(a.result.userId, b.result.userId),
    )
    .map(({ result }) => result);
}
