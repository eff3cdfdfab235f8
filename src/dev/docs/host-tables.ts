import type { HostTable } from "../../connect/host-tables.ts";
import { markdownTable } from "./markdown-table.ts";

/** What a host may write, for docs/connect.md. */
export const hostTablesText = (tables: Readonly<Record<string, HostTable>>): string =>
  markdownTable(
    ["Table", "Columns that records may write"],
    Object.entries(tables).map(([table, { writes }]) => [
      `\`${table}\``,
      writes.map((name) => `\`${name}\``).join(", "),
    ]),
  );
