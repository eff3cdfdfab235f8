import type { Location } from "../../distance.ts";
import { foldWords } from "./fold.ts";
import {
  bandTag,
  birthYearTag,
  genderTag,
  intentTag,
  interestTag,
  nameTags,
  placeTags,
  subjectTag,
  traitTag,
} from "./search-tags.ts";
import { bandOf, standingOf } from "./standing.ts";

/** Columns of a profile that its owner may hide from search. */
export const HIDEABLE = [
  "bio",
  "birth_date",
  "gender",
  "intent",
  "location_text",
  "interests",
  "traits",
  "top5",
] as const;

export type Hideable = (typeof HIDEABLE)[number];

/** Coordinates are a part of the place. */
const PARTS: Readonly<Record<string, Hideable>> = { latitude: "location_text", longitude: "location_text" };

/** The hidden columns, from the names as the host writes them. Names of other columns are ignored. */
export function hiddenParts(columns: readonly string[]): Set<Hideable> {
  const hideable: readonly string[] = HIDEABLE;
  return new Set(
    columns
      .map((column) => PARTS[column] ?? column)
      .filter((part): part is Hideable => hideable.includes(part)),
  );
}

/** The facts of one person that the index is built from. */
export type SearchFacts = {
  readonly userId: string;
  readonly name: string;
  readonly bio: string;
  readonly gender: string | null;
  readonly intent: string | null;
  /** `YYYY-MM-DD`; null if implausible. */
  readonly birthDate: string | null;
  readonly locationText: string | null;
  /** The cell of the grid. */
  readonly cell: Location | null;
  readonly interestIds: readonly string[];
  readonly subjectIds: readonly string[];
  /** Traits that are clear enough to be searched for (src/people/search-facts.ts). */
  readonly traitIds: readonly string[];
  /** Texts of top-five lists. */
  readonly topFives: readonly string[];
  readonly hidden: ReadonlySet<Hideable>;
  readonly completeness: number;
  readonly searchable: boolean;
};

/** The index row of a person. Hidden attributes are absent. */
export type SearchRow = {
  readonly userId: string;
  readonly searchable: boolean;
  /** Folded words, separated by spaces; so are the other texts. */
  readonly names: string;
  readonly keywords: string;
  readonly place: string;
  readonly bio: string;
  readonly tags: readonly string[];
  readonly standing: number;
  readonly gender: string | null;
  readonly intent: string | null;
  readonly birthDate: string | null;
  readonly cell: Location | null;
  readonly interests: number;
  readonly subjectIds: readonly string[];
  readonly traitIds: readonly string[];
};

const MAX_NAME_WORDS = 8;
const MAX_PLACE_WORDS = 12;
/** Only this much of a bio is indexed. */
const MAX_BIO_WORDS = 1_000;
/** If a person has more, the ones with the lowest ids are indexed. */
const MAX_INTERESTS = 300;

const MIN_KEYWORD = 3;
const MAX_KEYWORDS = 50;

/** Words of three or more letters, each once, at most 50. */
export function keywordsOf(texts: readonly string[]): string[] {
  const words = new Set<string>();
  for (const text of texts)
    for (const word of foldWords(text)) {
      if (words.size >= MAX_KEYWORDS) return [...words];
      if ([...word].length >= MIN_KEYWORD) words.add(word);
    }
  return [...words];
}

/** The row of a person. */
export function searchRow(facts: SearchFacts): SearchRow {
  const shown = <T>(attribute: Hideable, value: T, otherwise: T): T =>
    facts.hidden.has(attribute) ? otherwise : value;
  const names = foldWords(facts.name, MAX_NAME_WORDS);
  const standing = standingOf(facts.userId, facts.completeness);
  const row = {
    userId: facts.userId,
    searchable: facts.searchable,
    names: names.join(" "),
    keywords: keywordsOf(shown("top5", facts.topFives, [])).join(" "),
    place: foldWords(shown("location_text", facts.locationText, null) ?? "", MAX_PLACE_WORDS).join(" "),
    bio: foldWords(shown("bio", facts.bio, ""), MAX_BIO_WORDS).join(" "),
    standing,
    gender: shown("gender", facts.gender, null),
    intent: shown("intent", facts.intent, null),
    birthDate: shown("birth_date", facts.birthDate, null),
    cell: shown("location_text", facts.cell, null),
    interests: shown("interests", facts.interestIds.length, 0),
    subjectIds: shown("interests", facts.subjectIds, []).slice(0, MAX_INTERESTS),
    traitIds: shown("traits", facts.traitIds, []),
  };
  const interestIds = shown("interests", facts.interestIds, []).slice(0, MAX_INTERESTS);
  return { ...row, tags: [bandTag(bandOf(standing)), ...nameTags(names), ...filterTags(row, interestIds)] };
}

function filterTags(
  row: Pick<SearchRow, "gender" | "intent" | "birthDate" | "cell" | "subjectIds" | "traitIds">,
  interestIds: readonly string[],
): string[] {
  return [
    ...(row.gender === null ? [] : [genderTag(row.gender)]),
    ...(row.intent === null ? [] : [intentTag(row.intent)]),
    ...(row.birthDate === null ? [] : [birthYearTag(Number(row.birthDate.slice(0, 4)))]),
    ...(row.cell === null ? [] : placeTags(row.cell.latitude, row.cell.longitude)),
    ...interestIds.map(interestTag),
    ...row.subjectIds.map(subjectTag),
    ...row.traitIds.map(traitTag),
  ];
}
