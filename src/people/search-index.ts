import { type SQL, sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { UserScope } from "../db/user-scope.ts";
import { mapInPortions } from "../portions.ts";
import type { Counts } from "../queues/outcome.ts";
import { type SearchRow, searchRow } from "../scoring/people/search/search-row.ts";
import type { IndexOptions, ReadFacts } from "./search-facts.ts";
import { updateSearchable } from "./searchable.ts";

/** Rows of the index that are not written yet. */
export type ComputedRows = {
  readonly rows: readonly SearchRow[];
  /** A row that was written from facts read later stays. */
  readonly readAt: string;
};

/** Computes the rows of people, without holding the event loop. */
export const computeRows = async ({ people, readAt }: ReadFacts): Promise<ComputedRows> => ({
  rows: await mapInPortions(people, searchRow),
  readAt,
});

export type IndexCounts = Counts & {
  /** Rows that are new or changed. */
  readonly written: number;
  readonly unchanged: number;
};

/**
 * Writes the rows of a scope and decides who of it is searchable, and counts why others are not. Rows that
 * would not change are not written, except those of single users, whose time is kept; rows of people who are
 * gone are deleted.
 */
export async function storeRows(
  tx: Tx,
  scope: UserScope,
  computed: ComputedRows,
  options: IndexOptions,
): Promise<IndexCounts> {
  const written = computed.rows.length === 0 ? 0 : await writeRows(tx, computed, "ids" in scope);
  const { changed: _, ...found } = await updateSearchable(tx, scope, options);
  return { written, unchanged: computed.rows.length - written, ...found };
}

/** Columns that are compared; `standing` follows from the user and `doc`. */
const COMPARED = [
  "searchable",
  "names",
  "place",
  "doc",
  "gender",
  "intent",
  "birth_date",
  "latitude",
  "longitude",
  "interests",
  "subject_ids",
  "trait_ids",
] as const;

const listed = (columns: readonly string[], prefix = ""): SQL =>
  sql.raw(columns.map((column) => `${prefix}${column}`).join(", "));

/**
 * @param always whether rows that would not change are written, so that facts read earlier cannot replace
 *   them.
 */
async function writeRows(tx: Tx, computed: ComputedRows, always: boolean): Promise<number> {
  const column = (read: (row: SearchRow) => unknown): SQL => sql`${array(computed.rows.map(read))}`;
  const assignments = [...COMPARED, "standing", "indexed_at"].map((name) => `${name} = excluded.${name}`);
  const [counted] = await rows<{ written: number }>(
    tx,
    sql`with written as (
          insert into profile_search_index as i
            (user_id, searchable, names, place, doc, standing, gender, intent, birth_date, latitude, longitude, interests,
             subject_ids, trait_ids, indexed_at)
          select r.user_id, r.searchable, r.names, r.place,
                 setweight(to_tsvector('pg_catalog.simple', r.names), 'A')
                   || setweight(to_tsvector('pg_catalog.simple', r.keywords), 'B')
                   || setweight(to_tsvector('pg_catalog.simple', r.place), 'C')
                   || setweight(to_tsvector('pg_catalog.english', r.bio), 'D')
                   || array_to_tsvector(string_to_array(r.tags, ' ')),
                 r.standing, r.gender, r.intent, r.birth_date, r.latitude, r.longitude, r.interests,
                 string_to_array(r.subject_ids, ' ')::bigint[], string_to_array(r.trait_ids, ' ')::int[],
                 ${computed.readAt}::timestamptz
          from unnest(${column((row) => row.userId)}::bigint[], ${column((row) => row.searchable)}::boolean[],
                      ${column((row) => row.names)}::text[],
                      ${column((row) => row.keywords)}::text[], ${column((row) => row.place)}::text[],
                      ${column((row) => row.bio)}::text[], ${column((row) => row.tags.join(" "))}::text[],
                      ${column((row) => row.standing)}::real[], ${column((row) => row.gender)}::text[],
                      ${column((row) => row.intent)}::text[], ${column((row) => row.birthDate)}::date[],
                      ${column((row) => row.cell?.latitude)}::float8[], ${column((row) => row.cell?.longitude)}::float8[],
                      ${column((row) => row.interests)}::int[], ${column((row) => row.subjectIds.join(" "))}::text[],
                      ${column((row) => row.traitIds.join(" "))}::text[])
               as r(user_id, searchable, names, keywords, place, bio, tags, standing, gender, intent, birth_date, latitude,
                    longitude, interests, subject_ids, trait_ids)
          where exists (select 1 from profiles p where p.user_id = r.user_id)
          on conflict (user_id) do update set ${sql.raw(assignments.join(", "))}
          where i.indexed_at < excluded.indexed_at
            and (${always}::boolean or (${listed(COMPARED, "i.")}) is distinct from (${listed(COMPARED, "excluded.")}))
          returning 1)
        select count(*)::int as written from written`,
  );
  return counted?.written ?? 0;
}
