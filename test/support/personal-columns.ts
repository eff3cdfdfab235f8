import { idsOfPersons } from "../../src/dev/schema/personal-columns.ts";
import { readSchema } from "../../src/dev/schema/schema-catalog.ts";
import type { World } from "./world.ts";

// Where personal data is, in whatever table. The names of the catalogue are quoted where they have to be.

/** Where any of the texts stands, in whatever column of whatever table. */
export async function placesOf(world: World, texts: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const { name, columns } of (await readSchema(world.db.drizzle)).tables) {
    for (const column of columns) {
      const text = /^bytea/.test(column.definition)
        ? `encode(${column.name}, 'escape')`
        : `${column.name}::text`;
      const held = await world.query<{ text: string }>(
        `select t.text from unnest($1::text[]) as t(text)
         where exists (select 1 from ${name} where position(lower(t.text) in lower(${text})) > 0)`,
        [texts],
      );
      found.push(...held.map((row) => `${name}.${column.name}: ${row.text}`));
    }
  }
  return found;
}

/** The columns for ids of persons that hold one of these, by table. */
export async function columnsWithIds(world: World, ids: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const table of (await readSchema(world.db.drizzle)).tables) {
    for (const column of idsOfPersons(table)) {
      const held = await world.query(
        `select 1 from ${table.name} where ${column}::text = any($1::text[])
           or ${column}::text ~ ('[{,](' || array_to_string($1::text[], '|') || ')[,}]') limit 1`,
        [ids],
      );
      if (held.length > 0) found.push(`${table.name}.${column}`);
    }
  }
  return found;
}
