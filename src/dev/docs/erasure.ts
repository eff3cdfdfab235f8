import type { Rule } from "../../erasure/rule.ts";
import { markdownTable } from "./markdown-table.ts";

/** What happens to each table when a user is erased, for docs/operations/privacy.md. */
export function erasureTable(rules: Readonly<Record<string, readonly Rule[]>>): string {
  const rows = Object.entries(rules).flatMap(([table, ofTable]) =>
    ofTable.map((rule) => [
      `\`${table}\``,
      rule.does === "delete"
        ? `rows deleted by ${columnsOf(rule)}`
        : `${rule.does === "keep" ? "kept" : "cleared"}: ${columnsOf(rule)}`,
      rule.note ?? "",
    ]),
  );
  const others = Object.keys(rules).filter((table) => rules[table]?.length === 0);
  return [
    markdownTable(["Table", "At erasure", "Note"], rows),
    `Nothing about a person by themselves, or deleted with another table: ${others.map((table) => `\`${table}\``).join(", ")}.`,
  ].join("\n\n");
}

const columnsOf = ({ columns }: Rule): string => columns.map((column) => `\`${column}\``).join(", ");
