import { printableJson } from "../printable.ts";
import { type Cell, formatTable, type TableColumn } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** Prints the output of `--json`: one indented value. */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.write(`${printableJson(JSON.stringify(value, null, 2))}\n`);
}

/** Prints one line. */
export function printLine(terminal: Terminal, line = ""): void {
  terminal.write(`${line}\n`);
}

/** Prints a table, or `emptyText` when there are no rows. */
export function printTable(
  terminal: Terminal,
  columns: readonly TableColumn[],
  rows: readonly (readonly Cell[])[],
  emptyText: string,
): void {
  terminal.write(rows.length === 0 ? `${emptyText}\n` : formatTable(columns, rows));
}
