import { type SQL, sql } from "drizzle-orm";
import { array } from "../../db/statement.ts";
import { USER_LIMITS } from "../../scoring/postings/recommend/read-facts.ts";

/** Fields of up to this many bytes are read whole. Few are longer. */
const SHORT_BYTES = 32_768;
/** The limit for texts; those in a list have the limit of names. */
const MAX_FIELD_TEXT = 8_000;
/** Longer objects in a list are left out, and longer objects are read as empty. */
const MAX_ELEMENT_BYTES = 2_000;
const MAX_OBJECT_BYTES = 131_072;

/**
 * SQL: some fields of a parsed CV, as jsonb. However long the CV is, a field has at most 128 KB: a list is
 * read up to its first 1,000 elements, and texts are cut. A CV that is not an object has no fields.
 *
 * @param parsed SQL of the jsonb value.
 */
export const parsedFields = (parsed: SQL, fields: readonly string[]): SQL =>
  sql`(select coalesce(jsonb_object_agg(e.key, ${shortened(sql`e.value`)}), '{}')
       from jsonb_each(case when jsonb_typeof(${parsed}) = 'object' then ${parsed} else '{}' end) e
       where e.key = any(${array(fields)}::text[]))`;

const shortened = (value: SQL): SQL =>
  sql`case when pg_column_size(${value}) <= ${int(SHORT_BYTES)} then ${value}
           when jsonb_typeof(${value}) = 'string' then to_jsonb(left(${value} #>> '{}', ${int(MAX_FIELD_TEXT)}))
           when jsonb_typeof(${value}) = 'array' then ${shortenedList(value)}
           when pg_column_size(${value}) <= ${int(MAX_OBJECT_BYTES)} then ${value}
           else '{}' end`;

const shortenedList = (value: SQL): SQL =>
  sql`(select jsonb_agg(case when jsonb_typeof(i.item) = 'string' then to_jsonb(left(i.item #>> '{}', ${int(USER_LIMITS.nameLength)}))
                             when pg_column_size(i.item) <= ${int(MAX_ELEMENT_BYTES)} then i.item end order by i.n)
       from jsonb_array_elements(${value}) with ordinality i(item, n) where i.n <= ${int(USER_LIMITS.names)})`;

const int = (value: number): SQL => sql.raw(String(value));
