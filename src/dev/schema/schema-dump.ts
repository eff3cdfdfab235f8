import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../../db/statement.ts";
import { type Constraint, readSchema, type Table } from "./schema-catalog.ts";

const HEADER = `-- The schema as the migrations make it: for reading, and for seeing in a review what a migration changes.
-- Made by \`npm run schema:dump\`, compared by \`npm run check:schema\`. Not to be edited.
`;

/**
 * The schema of a migrated database as SQL: the same text from Postgres 15 to 18, whatever the order of its catalogs. It also runs:
 * fed to an empty database, it makes the same schema again.
 *
 * @throws Error when the schema has something that this dump would leave out in silence.
 */
export async function dumpSchema(on: Queryable): Promise<string> {
  // Names are shown without their schema when it is on the path.
  await rows(on, sql`select set_config('search_path', 'public', false)`);
  const { tables, functions } = await readSchema(on);
  const printed = new Set<string>();
  const later: string[] = [];
  const parts = [HEADER, ...functions.map((definition) => `${definition.trim()};\n`)];
  for (const table of inOrderOfReference(tables)) {
    printed.add(table.name);
    parts.push(tableText(table, printed, later));
  }
  if (later.length > 0) parts.push(`${later.join("\n")}\n`);
  return parts.join("\n");
}

/** A table stands after those that it refers to, so that a foreign key is read where its column is; else by name. */
function inOrderOfReference(tables: readonly Table[]): Table[] {
  const ordered: Table[] = [];
  const left = new Map(tables.map((table) => [table.name, table]));
  while (left.size > 0) {
    const ready = [...left.values()].filter((table) =>
      targetsOf(table).every((target) => target === table.name || !left.has(target)),
    );
    // A circle of references has no first table: it is broken by name, and the missing key is added at the end.
    for (const table of ready.length > 0 ? ready : [...left.values()].slice(0, 1)) {
      ordered.push(table);
      left.delete(table.name);
    }
  }
  return ordered;
}

const targetsOf = (table: Table): string[] => table.constraints.flatMap(({ target }) => target ?? []);

function tableText(table: Table, printed: ReadonlySet<string>, later: string[]): string {
  const here: Constraint[] = [];
  for (const constraint of table.constraints) {
    if (constraint.target === null || printed.has(constraint.target)) here.push(constraint);
    else later.push(`ALTER TABLE ${table.name} ADD CONSTRAINT ${constraint.name} ${constraint.definition};`);
  }
  const size = Math.max(...table.columns.map((column) => column.name.length));
  const lines = [
    ...table.columns.map((column) => `${column.name.padEnd(size)} ${column.definition}`),
    ...here.map(({ name, definition }) => `CONSTRAINT ${name} ${definition}`),
  ];
  const kind = table.unlogged ? "UNLOGGED TABLE" : "TABLE";
  const options = table.options.length > 0 ? ` WITH (${table.options.join(", ")})` : "";
  return [
    `CREATE ${kind} ${table.name} (\n${lines.map((line) => `  ${line}`).join(",\n")}\n)${options};`,
    ...table.indexes.map((definition) => `${definition};`),
    ...table.triggers.map((definition) => `${definition};`),
    "",
  ].join("\n");
}
