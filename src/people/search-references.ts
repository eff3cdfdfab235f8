import { sql } from "drizzle-orm";
import { array, type Queryable, rows } from "../db/statement.ts";

/** Finds traits by their names. @returns our ids by name. Unknown names are missing. */
export async function resolveTraits(
  on: Queryable,
  given: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (given.length === 0) return new Map();
  const found = await rows<{ name: string; id: string }>(
    on,
    sql`select name, id::text as id from traits where name = any(${array(given)}::text[])`,
  );
  return new Map(found.map(({ name, id }) => [name, id]));
}

/** How subjects are called: their references and labels, by our ids. */
export async function readSubjects(
  on: Queryable,
  ids: readonly string[],
): Promise<ReadonlyMap<string, { readonly reference: string; readonly label: string }>> {
  if (ids.length === 0) return new Map();
  const found = await rows<{ id: string; reference: string; label: string }>(
    on,
    sql`select id, coalesce(host_id, id::text) as reference, label from interest_subjects
        where id = any(${array(ids)}::bigint[])`,
  );
  return new Map(found.map(({ id, reference, label }) => [id, { reference, label }]));
}
