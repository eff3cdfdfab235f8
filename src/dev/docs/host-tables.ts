import type { HostTable } from "../../connect/host-tables.ts";
import { markdownTable } from "./markdown-table.ts";

/**
 * The tables and columns that a host may write, for docs/connect.md. Columns that every row needs are bold.
 *
 * @param schema the text of drizzle/schema.sql.
 */
export function hostTablesText(tables: Readonly<Record<string, HostTable>>, schema: string): string {
  const needed = neededColumns(schema);
  const nameOf = (table: string, column: string): string =>
    needed.get(table)?.includes(column) ? `**\`${column}\`**` : `\`${column}\``;
  return markdownTable(
    ["Table", "Columns that records may write"],
    Object.entries(tables).map(([table, { writes }]) => [
      `\`${table}\``,
      writes.map((column) => nameOf(table, column)).join(", "),
    ]),
  );
}

/** The columns of each table that can be neither null nor left out. */
function neededColumns(schema: string): ReadonlyMap<string, readonly string[]> {
  const tables = schema.matchAll(/^CREATE TABLE (\w+) \(\n(.*?)\n\);/gms);
  return new Map(
    [...tables].map(([, table = "", body = ""]) => [
      table,
      body.split("\n").flatMap((line) => {
        const [, column, definition = ""] = /^ {2}(\w+) +(.*)$/.exec(line) ?? [];
        const isNeeded = / NOT NULL/.test(definition) && !/ (DEFAULT|GENERATED) /.test(definition);
        return column !== undefined && column !== "CONSTRAINT" && isNeeded ? [column] : [];
      }),
    ]),
  );
}
