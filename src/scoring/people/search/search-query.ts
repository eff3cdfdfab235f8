import type { Location } from "../../distance.ts";
import { deletions } from "../../edit-distance.ts";
import { otherNames, soundsOf } from "./nicknames.ts";
import type { SearchTerm } from "./parse-search.ts";
import {
  bandTag,
  birthYearTag,
  genderTag,
  intentTag,
  interestTag,
  LONGEST_PREFIX_TAG,
  prefixTag,
  soundTag,
  subjectTag,
  tileTag,
  traitTag,
  typoTag,
} from "./search-tags.ts";
import { stemsOf } from "./short-forms.ts";
import { LAST_BAND } from "./standing.ts";
import { tilesWithin } from "./tiles.ts";

/**
 * How far people may differ from a query. `typos`: one letter of a name added, missing, replaced or swapped,
 * even the first one. `sounds`: also names that sound alike, or begin like a short form. `some`: also people
 * without one of the words.
 */
export type Tolerance = "exact" | "typos" | "sounds" | "some";

/** Parts of a profile that are searched, with their weight in the index. */
export const FIELDS = { name: "A", keyword: "B", place: "C", bio: "D" } as const;
export type SearchField = keyof typeof FIELDS;

/** Which people to look for; absent parts match everybody. */
export type SearchFilter = {
  readonly gender?: string | undefined;
  readonly intent?: string | undefined;
  /** Whole years. */
  readonly ageMin?: number | undefined;
  readonly ageMax?: number | undefined;
  readonly near?: { readonly center: Location; readonly radiusKm: number } | undefined;
  /** Ids; a person must have all. */
  readonly interests?: readonly string[] | undefined;
  /** Ids; a person must have one of them. */
  readonly subjects?: readonly string[] | undefined;
  /** Ids; a person must have all. */
  readonly traits?: readonly string[] | undefined;
};

/** The stem of each word in English, null for words that the dictionary leaves out. */
export type Stems = ReadonlyMap<string, string | null>;

/** Names from this length on are also looked up with one letter left out. */
const MIN_TYPO_LENGTH = 3;

/** A lexeme of a tsquery. */
const lexeme = (word: string, suffix = ""): string =>
  `'${word.replaceAll("\\", "\\\\").replaceAll("'", "''")}'${suffix}`;

const any = (parts: readonly string[]): string =>
  parts.length === 1 ? (parts[0] as string) : `(${parts.join(" | ")})`;
const all = (parts: readonly string[]): string => parts.join(" & ");

/** The query for one field: a word, or words that follow each other. Null if none of its words is indexed. */
export function fieldQuery({ words }: SearchTerm, field: SearchField, stems: Stems): string | null {
  const weight = `:${FIELDS[field]}`;
  if (field !== "bio") return words.map((word) => lexeme(word, weight)).join(" <-> ");
  const parts: string[] = [];
  let distance = 0;
  for (const word of words) {
    distance += 1;
    const stem = stems.get(word) ?? null;
    if (stem === null) continue;
    // Stop words keep their positions.
    if (parts.length > 0) parts.push(distance === 1 ? "<->" : `<${distance}>`);
    parts.push(lexeme(stem, weight));
    distance = 0;
  }
  return parts.length === 0 ? null : parts.join(" ");
}

/** The queries for an exact term, in any field. */
function exactQueries(term: SearchTerm, stems: Stems): string[] {
  const [word] = term.words;
  const bio = fieldQuery(term, "bio", stems);
  if (term.words.length === 1 && word !== undefined)
    return [lexeme(word, ":ABC"), ...(bio === null ? [] : [bio])];
  return (Object.keys(FIELDS) as SearchField[]).flatMap((field) => {
    const query = fieldQuery(term, field, stems);
    return query === null ? [] : [`(${query})`];
  });
}

function nameQueries(word: string, tolerance: Tolerance): string[] {
  const nicknames = otherNames(word).map((name) => lexeme(name, ":A"));
  if (tolerance === "exact") return nicknames;
  const typos = [...word].length < MIN_TYPO_LENGTH ? [] : deletions(word);
  const queries = [
    ...nicknames,
    lexeme(typoTag(word)),
    ...typos.flatMap((variant) => [lexeme(typoTag(variant)), lexeme(variant, ":A")]),
  ];
  if (tolerance === "typos") return queries;
  const sounds = soundsOf(word).map((key) => lexeme(soundTag(key)));
  return [...queries, ...stemsOf(word).map(prefixQuery), ...sounds];
}

/** The query for a term in all fields, with names that are close to it. */
function termQuery(term: SearchTerm, stems: Stems, tolerance: Tolerance): string {
  const exact = exactQueries(term, stems);
  if (term.negated) return `!${any(exact)}`;
  const [word] = term.words;
  const close = term.words.length === 1 && word !== undefined ? nameQueries(word, tolerance) : [];
  return any([...exact, ...close]);
}

/** The query for names that begin with a word. */
export function prefixQuery(word: string): string {
  const letters = [...word];
  return letters.length <= LONGEST_PREFIX_TAG ? lexeme(prefixTag(word)) : lexeme(word, ":*A");
}

/**
 * The queries for the terms of a search: one; of `some` one for each term that may be missing, since those
 * who have a common word alone would leave no place among the candidates for those who have a rare one.
 */
export function termsQueries(
  terms: readonly SearchTerm[],
  stems: Stems,
  tolerance: Tolerance,
): (string | null)[] {
  if (terms.length === 0) return [null];
  const queryOf = (term: SearchTerm) => termQuery(term, stems, tolerance);
  if (tolerance !== "some") return [all(terms.map(queryOf))];
  return terms.flatMap(({ negated }, missing) =>
    negated ? [] : [all(terms.toSpliced(missing, 1).map(queryOf))],
  );
}

/** The query of `/suggest`: the last word is a prefix of a name, those before it are names. */
export function suggestQuery(words: readonly string[]): string {
  const before = words.slice(0, -1).map((word) => any([lexeme(word, ":A"), ...nameQueries(word, "exact")]));
  return all([...before, prefixQuery(words.at(-1) as string)]);
}

/**
 * The query for the filters that have tags, or null. A radius and an age are checked exactly afterwards: the
 * tags are those of the tiles and the years of birth in which they may be.
 *
 * @param today the day on which ages are computed.
 */
export function filterQuery(filter: SearchFilter, today: Date): string | null {
  const { gender, intent, near, interests = [], subjects = [], traits = [] } = filter;
  const parts = [
    ...(gender === undefined ? [] : [lexeme(genderTag(gender))]),
    ...(intent === undefined ? [] : [lexeme(intentTag(intent))]),
    ...interests.map((id) => lexeme(interestTag(id))),
    ...(subjects.length === 0 ? [] : [any(subjects.map((id) => lexeme(subjectTag(id))))]),
    ...traits.map((id) => lexeme(traitTag(id))),
    ...birthYears(filter, today),
    ...(near === undefined
      ? []
      : [any(tilesWithin(near.center, near.radiusKm).map((tile) => lexeme(tileTag(tile))))]),
  ];
  return parts.length === 0 ? null : all(parts);
}

/** Ages that are accepted. */
export const LEAST_AGE = 0;
export const GREATEST_AGE = 120;

function birthYears({ ageMin, ageMax }: SearchFilter, today: Date): string[] {
  if (ageMin === undefined && ageMax === undefined) return [];
  const last = today.getUTCFullYear() - (ageMin ?? LEAST_AGE);
  const first = today.getUTCFullYear() - (ageMax ?? GREATEST_AGE) - 1;
  return [any(Array.from({ length: last - first + 1 }, (_, n) => lexeme(birthYearTag(first + n))))];
}

/** The whole query, up to a band of the static order; null: everybody. */
export function searchQuery(parts: readonly (string | null)[], band: number): string | null {
  const bands = Array.from({ length: band + 1 }, (_, n) => lexeme(bandTag(n)));
  const required = parts.filter((part) => part !== null);
  if (band < LAST_BAND) required.push(any(bands));
  return required.length === 0 ? null : all(required);
}
