import type { Queryable } from "../../db/statement.ts";
import { type Constraint, readSchema, type Table, type View } from "./schema-catalog.ts";

const HEADER = `-- The schema that the migrations make: for reading, and so that a review shows what a migration changes.
-- Written by \`npm run schema:dump\` and checked by \`npm run check:schema\`. Do not edit it.
-- Names are unqualified: \`commonwork migrate\` puts everything into the schema DB_SCHEMA.
-- Functions come first: they name tables that follow.
SET check_function_bodies = off;
`;

/**
 * The current schema as SQL: the same text from Postgres 15 to 18, in any order of the catalogs. It can be
 * run: in an empty schema that is first on the search path, it makes the same tables and functions again.
 *
 * @throws Error when the schema contains a kind of object that this dump does not print.
 */
export async function dumpSchema(on: Queryable): Promise<string> {
  const { tables, views, functions } = await readSchema(on);
  const printed = new Set<string>();
  const later: string[] = [];
  const parts = [HEADER, ...functions.map((definition) => `${definition.trim()};\n`)];
  for (const table of inOrderOfReference(tables)) {
    printed.add(table.name);
    parts.push(tableText(table, printed, later));
  }
  if (later.length > 0) parts.push(`${later.join("\n")}\n`);
  parts.push(...views.map(viewText));
  return parts.join("\n");
}

function viewText({ name, options, definition, triggers }: View): string {
  const having = options.length > 0 ? ` WITH (${options.join(", ")})` : "";
  return [
    `CREATE VIEW ${name}${having} AS`,
    definition,
    ...triggers.map((trigger) => `${trigger};`),
    "",
  ].join("\n");
}

/** Tables after those they refer to, so that a foreign key is printed with its table; otherwise by name. */
function inOrderOfReference(tables: readonly Table[]): Table[] {
  const ordered: Table[] = [];
  const left = new Map(tables.map((table) => [table.name, table]));
  while (left.size > 0) {
    const ready = [...left.values()].filter((table) =>
      targetsOf(table).every((target) => target === table.name || !left.has(target)),
    );
    // A cycle has no first table: it is broken by name, and the remaining key is added at the end.
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
    ...(table.rowSecurity ? [`ALTER TABLE ${table.name} ENABLE ROW LEVEL SECURITY;`] : []),
    "",
  ].join("\n");
}
