import { type Cell, type Column, formatTable } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** What `--json` prints: one value, indented, with a line end. */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** One line of an answer. */
export function printLine(terminal: Terminal, line = ""): void {
  terminal.write(`${line}\n`);
}

/** A table, or a line that says why there is none. */
export function printTable(
  terminal: Terminal,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  otherwise: string,
): void {
  terminal.write(rows.length === 0 ? `${otherwise}\n` : formatTable(columns, rows));
}
