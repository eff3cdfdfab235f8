import { type SQL, sql } from "drizzle-orm";
import { array, type Queryable, rows } from "../db/statement.ts";
import { EARTH_KM } from "../scoring/distance.ts";
import type { SearchTerm } from "../scoring/people/search/parse-search.ts";
import {
  fieldQuery,
  type SearchField,
  type SearchFilter,
  type Stems,
} from "../scoring/people/search/search-query.ts";
import { CANDIDATES } from "../scoring/people/search/standing.ts";
import { IS_DELETED } from "./profile-columns.ts";

/** The searcher and the query. */
export type PeopleSearch = {
  readonly viewerId: string;
  readonly terms: readonly SearchTerm[];
  readonly filter: SearchFilter;
  /** The day on which ages are computed. */
  readonly today: Date;
  /** Whether to count facets. */
  readonly facets?: boolean;
};

/** A person that the index found, with their current facts. */
export type CandidateRow = {
  userId: string;
  names: string;
  standing: number;
  km: number | null;
  fields: string[];
  isOpen: boolean;
  hidden: string[] | null;
  /** With facets. */
  gender?: string | null;
  intent?: string | null;
  birthDate?: string | null;
  subjectIds?: string[];
};

/** The first people in the static order that match a query. */
export function readCandidates(
  on: Queryable,
  { viewerId, filter, today, facets = false }: PeopleSearch,
  query: string | null,
  fields: readonly SQL[],
): Promise<CandidateRow[]> {
  const conditions = [
    sql`i.searchable and i.user_id <> ${viewerId}`,
    ...(query === null ? [] : [sql`i.doc @@ ${query}::tsquery`]),
    ...exactConditions(filter, today),
  ];
  const km = filter.near === undefined ? sql`null::float8` : kmTo(filter.near.center);
  return rows<CandidateRow>(
    on,
    sql`with found as materialized (
          select i.* from profile_search_index i where ${sql.join(conditions, sql` and `)}
          order by i.standing, i.user_id limit ${CANDIDATES})
        select i.user_id as "userId", i.names, i.standing, ${km} as km,
               array[${sql.join([...fields], sql`, `)}]::text[] as fields,
               p.visible and not p.banned and not ${IS_DELETED}
                 and not exists (select 1 from user_blocks b where b.blocker_id = i.user_id and b.blocked_id = ${viewerId})
                 and not exists (select 1 from user_blocks b where b.blocker_id = ${viewerId} and b.blocked_id = i.user_id)
                 as "isOpen",
               nullif(p.hidden_attributes, '{}') as hidden${facets ? FACET_COLUMNS : sql``}
        from found i join profiles p on p.user_id = i.user_id join users u on u.id = i.user_id`,
  );
}

const FACET_COLUMNS = sql`, i.gender, i.intent, i.birth_date::text as "birthDate", i.subject_ids::text[] as "subjectIds"`;

function exactConditions({ gender, intent, ageMin, ageMax, near }: SearchFilter, today: Date): SQL[] {
  const day = today.toISOString().slice(0, 10);
  const before = (years: number) => sql`${day}::date - make_interval(years => ${years}::int)`;
  return [
    ...(gender === undefined ? [] : [isSameText(sql`i.gender`, gender)]),
    ...(intent === undefined ? [] : [isSameText(sql`i.intent`, intent)]),
    ...(ageMin === undefined ? [] : [sql`i.birth_date <= ${before(ageMin)}`]),
    ...(ageMax === undefined ? [] : [sql`i.birth_date > ${before(ageMax + 1)}`]),
    ...(near === undefined ? [] : [sql`${kmTo(near.center)} <= ${near.radiusKm}::float8`]),
  ];
}

/** SQL: whether two texts are equal without case and outer spaces, as pair scores compare them. */
const isSameText = (column: SQL, text: string): SQL => sql`lower(btrim(${column})) = lower(btrim(${text}))`;

/** SQL: the great-circle distance (haversine) to the cell of `i`, as `distanceKm` computes it. */
const kmTo = ({ latitude, longitude }: { latitude: number; longitude: number }): SQL =>
  sql`(2 * ${EARTH_KM}::float8 * asin(least(1, sqrt(
        power(sin(radians(i.latitude - ${latitude}::float8) / 2), 2)
        + cos(radians(${latitude}::float8)) * cos(radians(i.latitude)) * power(sin(radians(i.longitude - ${longitude}::float8) / 2), 2)))))`;

/** SQL for the fields in which a row has the term, separated by spaces. Single names are compared later. */
export function matchedFields(term: SearchTerm, stems: Stems): SQL {
  const fields: readonly SearchField[] =
    term.words.length === 1 ? ["place", "keyword", "bio"] : ["name", "place", "keyword", "bio"];
  const found = fields.flatMap((field) => {
    const query = fieldQuery(term, field, stems);
    return query === null ? [] : [sql`case when i.doc @@ ${query}::tsquery then ${field}::text end`];
  });
  return sql`concat_ws(' ', ${sql.join(found, sql`, `)})`;
}

/** The stems of all words of the terms. */
export async function readStems(on: Queryable, terms: readonly SearchTerm[]): Promise<Stems> {
  const words = [...new Set(terms.flatMap((term) => term.words))];
  if (words.length === 0) return new Map();
  const found = await rows<{ word: string; stem: string | null }>(
    on,
    sql`select word, (ts_lexize('pg_catalog.english_stem', word))[1] as stem from unnest(${array(words)}::text[]) as w(word)`,
  );
  return new Map(found.map(({ word, stem }) => [word, stem]));
}
