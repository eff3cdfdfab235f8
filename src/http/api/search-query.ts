import type { Request, Response } from "express";
import { z } from "zod";
import { resolveReferences } from "../../db/references.ts";
import type { Queryable } from "../../db/statement.ts";
import { isStorable, UNSTORABLE } from "../../foreign-text.ts";
import { namedPlace, ownCell } from "../../people/search-places.ts";
import { resolveTraits } from "../../people/search-references.ts";
import type { Location } from "../../scoring/distance.ts";
import { foldWords } from "../../scoring/people/search/fold.ts";
import { lettersOf, parseSearch, type SearchTerm } from "../../scoring/people/search/parse-search.ts";
import { GREATEST_AGE, LEAST_AGE, type SearchFilter } from "../../scoring/people/search/search-query.ts";
import { integerField, sendFaults, validateQuery } from "../requests/validate.ts";

const MAX_WORDS_LENGTH = 200;
const MAX_LISTED = 20;
/** Radii of a search: arbitrary ones would allow triangulating where a person is. */
const RADII_KM = [5, 10, 25, 50, 100, 250] as const;
const USUAL_RADIUS_KM = 50;

const LEAST_LETTERS = 2;
const TOO_SHORT = `must have at least ${LEAST_LETTERS} letters or digits`;

const shortText = (max: number) => z.string().trim().min(1).max(max).refine(isStorable, UNSTORABLE);
const words = shortText(MAX_WORDS_LENGTH);
const list = words
  .transform((text) => [...new Set(text.split(",").map((item) => item.trim()))].filter((item) => item !== ""))
  .refine((items) => items.length > 0 && items.length <= MAX_LISTED, `must be 1 to ${MAX_LISTED} values`)
  .optional();

const RADIUS_FAULT = `must be one of ${RADII_KM.join(", ")}`;
const age = integerField(LEAST_AGE, GREATEST_AGE).optional();

export const profilesQuery = z
  .object({
    q: words.optional(),
    gender: shortText(50).optional(),
    intent: shortText(50).optional(),
    age_min: age,
    age_max: age,
    near: shortText(100).optional(),
    radius_km: z.coerce
      .number(RADIUS_FAULT)
      .refine((km) => (RADII_KM as readonly number[]).includes(km), RADIUS_FAULT)
      .optional(),
    interests: list,
    subjects: list,
    traits: list,
    facets: z
      .enum(["true", "false"], "must be true or false")
      .default("false")
      .transform((value) => value === "true"),
    page: integerField(1, 1_000).default(1),
    page_size: integerField(1, 50).default(20),
  })
  .refine(({ age_min: least = LEAST_AGE, age_max: most = GREATEST_AGE }) => least <= most, {
    path: ["age_max"],
    message: "must not be less than age_min",
  })
  .refine(({ near, radius_km: radius }) => radius === undefined || near !== undefined, {
    path: ["radius_km"],
    message: "requires near",
  });

export const suggestionsQuery = z.object({ q: words, limit: integerField(1, 20).default(10) });

/** A search request. */
export type SearchRequest = {
  readonly terms: readonly SearchTerm[];
  readonly filter: SearchFilter;
  readonly center: Location | null;
  readonly facets: boolean;
  readonly page: number;
  readonly pageSize: number;
};

type Fault = { readonly field: string; readonly fault: string };

/** The search that a request describes. @returns null after sending 422. */
export async function readSearch(
  on: Queryable,
  viewerId: string,
  req: Request,
  res: Response,
): Promise<SearchRequest | null> {
  const query = validateQuery(profilesQuery, req, res);
  if (query === null) return null;
  const faults: Fault[] = [];
  const terms = parseSearch(query.q ?? "");
  if (query.q !== undefined && lettersOf(terms) < LEAST_LETTERS)
    faults.push({ field: "q", fault: TOO_SHORT });
  const center = await centerOf(on, viewerId, query.near, faults);
  const known = (field: string, given: readonly string[] | undefined, ids: ReadonlyMap<string, string>) =>
    resolvedIds(field, given ?? [], ids, faults);
  const { interests, subjects, traits } = query;
  const filter: SearchFilter = {
    gender: query.gender,
    intent: query.intent,
    ageMin: query.age_min,
    ageMax: query.age_max,
    near: center === null ? undefined : { center, radiusKm: query.radius_km ?? USUAL_RADIUS_KM },
    interests: known("interests", interests, await resolveReferences(on, "interests", interests ?? [])),
    subjects: known("subjects", subjects, await resolveReferences(on, "interest_subjects", subjects ?? [])),
    traits: known("traits", traits, await resolveTraits(on, traits ?? [])),
  };
  if (faults.length > 0) {
    sendFaults(res, "bad-query", faults);
    return null;
  }
  return { terms, filter, center, facets: query.facets, page: query.page, pageSize: query.page_size };
}

/** `me` means the caller's own cell, any other text a place. */
async function centerOf(
  on: Queryable,
  viewerId: string,
  near: string | undefined,
  faults: Fault[],
): Promise<Location | null> {
  if (near === undefined) return null;
  const center = near === "me" ? await ownCell(on, viewerId) : await namedPlace(on, near);
  const fault = near === "me" ? "your profile has no location" : "is not a place that several people name";
  if (center === null) faults.push({ field: "near", fault });
  return center;
}

function resolvedIds(
  field: string,
  given: readonly string[],
  ids: ReadonlyMap<string, string>,
  faults: Fault[],
): string[] {
  return given.flatMap((reference) => {
    const id = ids.get(reference);
    if (id === undefined) faults.push({ field, fault: `there is no ${JSON.stringify(reference)}` });
    return id === undefined ? [] : [id];
  });
}

/** The prefix of a name. @returns null after sending 422. */
export function readSuggest(
  req: Request,
  res: Response,
): { readonly words: readonly string[]; readonly limit: number } | null {
  const query = validateQuery(suggestionsQuery, req, res);
  if (query === null) return null;
  const folded = foldWords(query.q, 4);
  if ([...(folded.at(-1) ?? "")].length >= LEAST_LETTERS) return { words: folded, limit: query.limit };
  sendFaults(res, "bad-query", [{ field: "q", fault: TOO_SHORT }]);
  return null;
}
