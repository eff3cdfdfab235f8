import type { SQL } from "drizzle-orm";
import type { Queryable } from "../db/statement.ts";
import { ageOn } from "../scoring/people/age.ts";
import { countFacets, type Facets } from "../scoring/people/search/facets.ts";
import {
  type PreparedTerm,
  prepareTerm,
  type Ranked,
  rankPeople,
  type SearchCandidate,
} from "../scoring/people/search/rank-person.ts";
import {
  filterQuery,
  type SearchField,
  type SearchFilter,
  searchQuery,
  suggestQuery,
  type Tolerance,
  termsQueries,
} from "../scoring/people/search/search-query.ts";
import { type Hideable, hiddenParts } from "../scoring/people/search/search-row.ts";
import { CANDIDATES, LAST_BAND, nextBand } from "../scoring/people/search/standing.ts";
import {
  type CandidateRow,
  matchedFields,
  type PeopleSearch,
  readCandidates,
  readStems,
} from "./search-candidates.ts";

export type FoundPeople = {
  /** Best first. */
  readonly ranked: readonly Ranked[];
  /** Whether more people match than were ranked. */
  readonly isCapped: boolean;
  readonly tolerance: Tolerance;
  /** Null if they were not requested. */
  readonly facets: Facets | null;
};

/**
 * If fewer people are found, names with another spelling or sound are searched as well, then people without
 * one of several words. All of these rank behind the others.
 */
const ENOUGH = 10;
const TOLERANCES: readonly Tolerance[] = ["typos", "sounds"];

/**
 * The people whom a search finds, ranked. Words and filters are looked up in the index; of very common ones
 * the first CANDIDATES people of the static order are ranked. People who have since been hidden, deleted or
 * blocked, or now hide a fact that the search uses, are left out.
 */
export async function findPeople(on: Queryable, search: PeopleSearch): Promise<FoundPeople> {
  const stems = await readStems(on, search.terms);
  const positive = search.terms.filter(({ negated }) => !negated);
  const filter = filterQuery(search.filter, search.today);
  const run = async (tolerance: Tolerance): Promise<FoundPeople> => {
    const found = await collect(on, search, {
      terms: positive.map((term) => prepareTerm(term)),
      fields: positive.map((term) => matchedFields(term, stems)),
      queries: termsQueries(search.terms, stems, tolerance).map((query) => [query, filter]),
      mayMiss: tolerance === "some" ? 1 : 0,
    });
    return { ...found, tolerance };
  };
  let found = await run("exact");
  for (const tolerance of positive.length === 0 ? [] : TOLERANCES) {
    if (found.ranked.length >= ENOUGH) break;
    found = await run(tolerance);
  }
  return found.ranked.length < ENOUGH && positive.length > 1 ? run("some") : found;
}

/** People whose names begin as written: the last word may be incomplete. */
export async function suggestPeople(
  on: Queryable,
  {
    viewerId,
    words,
    today,
  }: { readonly viewerId: string; readonly words: readonly string[]; readonly today: Date },
): Promise<readonly Ranked[]> {
  const terms = words.map((word, index) => prepareTerm({ words: [word] }, index === words.length - 1));
  const search = { viewerId, terms: [], filter: {}, today };
  const { ranked } = await collect(on, search, {
    terms,
    fields: [],
    queries: [[suggestQuery(words)]],
    mayMiss: 0,
  });
  return ranked;
}

type Lookup = {
  readonly terms: readonly PreparedTerm[];
  /** SQL for the fields in which the index has each term exactly. */
  readonly fields: readonly SQL[];
  /** The conditions of each query. Those whom any of them finds are ranked together. */
  readonly queries: readonly (readonly (string | null)[])[];
  readonly mayMiss: number;
};

async function collect(
  on: Queryable,
  search: PeopleSearch,
  { terms, fields, queries, mayMiss }: Lookup,
): Promise<Omit<FoundPeople, "tolerance">> {
  const { filter, today, facets = false } = search;
  const found = new Map<string, CandidateRow>();
  let isCapped = false;
  for (const parts of queries) {
    const first = await readFirst(on, search, parts, fields);
    isCapped ||= first.length >= CANDIDATES;
    for (const row of first) found.set(row.userId, row);
  }
  const filtered = hideablesOf(filter);
  const open = [...found.values()].flatMap((row) => candidateOf(row, filtered));
  const ranked = rankPeople(
    terms,
    open.map(({ candidate }) => candidate),
    { radiusKm: filter.near?.radiusKm ?? null, mayMiss },
  );
  const byId = new Map(open.map(({ candidate, row, hidden }) => [candidate.userId, { row, hidden }]));
  return {
    ranked,
    isCapped,
    facets: facets
      ? countFacets(
          ranked.flatMap(({ userId }) => {
            const one = byId.get(userId);
            return one ? [facetFactsOf(one.row, one.hidden, today)] : [];
          }),
        )
      : null,
  };
}

/** The first CANDIDATES people in the static order that match a query. */
async function readFirst(
  on: Queryable,
  search: PeopleSearch,
  parts: readonly (string | null)[],
  fields: readonly SQL[],
): Promise<CandidateRow[]> {
  let band = 0;
  let found = await readCandidates(on, search, searchQuery(parts, band), fields);
  while (found.length < CANDIDATES && band < LAST_BAND) {
    band = nextBand(band, found.length);
    found = await readCandidates(on, search, searchQuery(parts, band), fields);
  }
  return found;
}

/** The parts of a profile about which a filter reveals something. */
function hideablesOf({
  gender,
  intent,
  ageMin,
  ageMax,
  near,
  interests,
  subjects,
  traits,
}: SearchFilter): Hideable[] {
  const parts: (Hideable | false)[] = [
    gender !== undefined && "gender",
    intent !== undefined && "intent",
    (ageMin !== undefined || ageMax !== undefined) && "birth_date",
    near !== undefined && "location_text",
    ((interests?.length ?? 0) > 0 || (subjects?.length ?? 0) > 0) && "interests",
    (traits?.length ?? 0) > 0 && "traits",
  ];
  return parts.filter((one) => one !== false);
}

const HIDING: Readonly<Partial<Record<SearchField, Hideable>>> = {
  place: "location_text",
  keyword: "top5",
  bio: "bio",
};

/** Nobody if the person has since been hidden from search. */
function candidateOf(
  row: CandidateRow,
  filtered: readonly Hideable[],
): { candidate: SearchCandidate; row: CandidateRow; hidden: ReadonlySet<Hideable> }[] {
  const hidden = hiddenParts(row.hidden ?? []);
  if (!row.isOpen || filtered.some((part) => hidden.has(part))) return [];
  const isShown = (field: SearchField) => {
    const part = HIDING[field];
    return part === undefined || !hidden.has(part);
  };
  const candidate: SearchCandidate = {
    userId: row.userId,
    names: row.names === "" ? [] : row.names.split(" "),
    fields: row.fields.map(
      (found) =>
        new Set(
          found.split(" ").filter((field) => field !== "" && isShown(field as SearchField)) as SearchField[],
        ),
    ),
    standing: row.standing,
    km: row.km,
  };
  return [{ candidate, row, hidden }];
}

const facetFactsOf = (
  { gender = null, intent = null, birthDate = null, subjectIds = [] }: CandidateRow,
  hidden: ReadonlySet<Hideable>,
  today: Date,
) => ({
  gender: hidden.has("gender") ? null : gender,
  intent: hidden.has("intent") ? null : intent,
  age: birthDate === null || hidden.has("birth_date") ? null : ageOn(birthDate, today),
  subjectIds: hidden.has("interests") ? [] : subjectIds,
});
