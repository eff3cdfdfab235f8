import type { Row } from "./bench.ts";

const HEADINGS = ["bench", "case", "figure", "median", "min", "max", "unit", "runs"];

/** Rows as a table for people: columns as wide as their longest cell. */
export function tableOf(rows: readonly Row[]): string {
  const cells = [
    HEADINGS,
    ...rows.map((r) =>
      [r.bench, r.case, r.figure, r.median, r.min, r.max, r.unit, r.runs].map((cell) => String(cell)),
    ),
  ];
  const widths = HEADINGS.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  return cells.map((row) => `${line(row).trimEnd()}\n`).join("");
}
