import { sql } from "drizzle-orm";
import { array, type Queryable, rows } from "../db/statement.ts";
import { isId } from "../ids.ts";

/** Our ids by what was given. What is unknown is missing. */
export type Resolved = ReadonlyMap<string, string>;

/** Finds interests or subjects by the host's id, or ours where there is none. */
export async function resolveInterests(
  on: Queryable,
  table: "interests" | "interest_subjects",
  given: readonly string[],
): Promise<Resolved> {
  if (given.length === 0) return new Map();
  const name = sql.identifier(table);
  const found = await rows<{ reference: string; id: string | null }>(
    on,
    sql`select r.reference, coalesce((select t.id from ${name} t where t.host_id = r.reference),
                                     (select t.id from ${name} t where t.id = r.id and t.host_id is null)) as id
        from unnest(${array(given)}::text[], ${array(given.map((text) => (isId(text) ? text : null)))}::bigint[])
             as r(reference, id)`,
  );
  return present(found);
}

/** Finds traits by their names. */
export async function resolveTraits(on: Queryable, given: readonly string[]): Promise<Resolved> {
  if (given.length === 0) return new Map();
  const found = await rows<{ reference: string; id: string | null }>(
    on,
    sql`select name as reference, id::text as id from traits where name = any(${array(given)}::text[])`,
  );
  return present(found);
}

const present = (found: readonly { reference: string; id: string | null }[]): Resolved =>
  new Map(found.flatMap(({ reference, id }) => (id === null ? [] : [[reference, id] as const])));

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
