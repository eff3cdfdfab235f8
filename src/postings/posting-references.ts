import { sql } from "drizzle-orm";
import { array, type Queryable, rows } from "../db/statement.ts";
import { isStorable } from "../foreign-text.ts";
import { isUuid } from "../ids.ts";

/**
 * Resolves references to postings, given as text: to the posting with that host id, else to the one without a
 * host id that has this public uuid.
 *
 * @returns our ids by reference. Unknown references are missing.
 */
export async function resolvePostings(
  on: Queryable,
  given: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const references = [...new Set(given)].filter(isStorable);
  if (references.length === 0) return new Map();
  const uuids = references.map((reference) => (isUuid(reference) ? reference : null));
  const found = await rows<{ reference: string; id: string | null }>(
    on,
    sql`select r.reference, coalesce((select j.id from jobs j where j.host_id = r.reference),
                 (select j.id from jobs j where j.public_id = r.public_id and j.host_id is null)) as id
        from unnest(${array(references)}::text[], ${array(uuids)}::uuid[]) as r(reference, public_id)`,
  );
  return new Map(found.flatMap(({ reference, id }) => (id === null ? [] : [[reference, id] as const])));
}

/** Resolves one reference to our id; null if it is unknown. */
export const resolvePosting = async (on: Queryable, reference: string): Promise<string | null> =>
  (await resolvePostings(on, [reference])).get(reference) ?? null;
