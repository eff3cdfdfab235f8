import { idsOfPersons } from "../../src/dev/schema/personal-columns.ts";
import { type CatalogColumn, readSchema } from "../../src/dev/schema/schema-catalog.ts";
import type { World } from "./world.ts";

// Where personal data is, in whatever table. The names of the catalogue are quoted where they have to be.

/** Where any of the texts stands, in whatever column of whatever table. */
export async function placesOf(world: World, texts: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const { name, columns } of (await readSchema(world.db.drizzle)).tables) {
    const held = await world.query<{ place: string }>(
      `select distinct '${name}.' || c.name || ': ' || t.text as place
       from ${name}, lateral (values ${columns.map(nameAndText).join(", ")}) c(name, text), unnest($1::text[]) t(text)
       where position(lower(t.text) in lower(c.text)) > 0
       order by 1`,
      [texts],
    );
    found.push(...held.map(({ place }) => place));
  }
  return found;
}

/** The name of a column and its value as text, in SQL. */
const nameAndText = ({ name, definition }: CatalogColumn): string =>
  `('${name.replaceAll("'", "''")}', ${/^bytea/.test(definition) ? `encode(${name}, 'escape')` : `${name}::text`})`;

/** The columns for ids of persons that hold one of these, by table. */
export async function columnsWithIds(world: World, ids: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const table of (await readSchema(world.db.drizzle)).tables) {
    const columns = idsOfPersons(table);
    if (columns.length === 0) continue;
    const held = await world.query<{ column: string }>(
      `select c.name as column
       from ${table.name}, lateral (values ${columns.map((name) => `('${name}', ${name}::text)`).join(", ")}) c(name, ids)
       where c.ids = any($1::text[]) or c.ids ~ ('[{,](' || array_to_string($1::text[], '|') || ')[,}]')
       group by 1`,
      [ids],
    );
    found.push(...held.map(({ column }) => `${table.name}.${column}`));
  }
  return found;
}
