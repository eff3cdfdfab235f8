import { formatNumber } from "../format-counts.ts";
import { printable } from "../printable.ts";

/** A column: its heading and the alignment of its cells. */
export type TableColumn = { readonly title: string; readonly align?: "left" | "right" };

export type Cell = string | number | null;

const GAP = "  ";

/**
 * Text in aligned columns, two spaces apart, with a rule below the headings. Null is printed as a dash. Cells
 * are never truncated, so the output can be piped to grep.
 */
export function formatTable(columns: readonly TableColumn[], rows: readonly (readonly Cell[])[]): string {
  const texts = rows.map((row) => columns.map((_, index) => cellText(row[index] ?? null)));
  const widths = columns.map((column, index) =>
    Math.max(width(column.title), ...texts.map((row) => width(row[index] ?? ""))),
  );
  const lineOf = (cells: readonly string[]) =>
    cells
      .map((cell, index) => pad(cell, widths[index] ?? 0, columns[index]?.align ?? "left"))
      .join(GAP)
      .trimEnd();
  const rule = widths.map((size) => "-".repeat(size)).join(GAP);
  return [lineOf(columns.map(({ title }) => title)), rule, ...texts.map(lineOf)]
    .map((line) => `${line}\n`)
    .join("");
}

/** Name and value pairs, one per line. */
export function formatFacts(facts: Readonly<Record<string, Cell>>): string {
  const size = Math.max(0, ...Object.keys(facts).map(width));
  return Object.entries(facts)
    .map(([name, value]) => `${pad(name, size, "left")}${GAP}${cellText(value)}`.trimEnd())
    .map((line) => `${line}\n`)
    .join("");
}

const cellText = (cell: Cell): string => {
  if (cell === null) return "-";
  return typeof cell === "number" ? formatNumber(cell) : printable(cell);
};

/** In characters, not UTF-16 code units. */
const width = (text: string): number => [...text].length;

function pad(text: string, size: number, align: "left" | "right"): string {
  const padding = " ".repeat(Math.max(0, size - width(text)));
  return align === "right" ? padding + text : text + padding;
}
