import type { FileLine } from "./file-lines.ts";
import { CliError } from "./terminal.ts";

/** A row of a CSV file, and the line on which it begins. A cell that is empty and not quoted is null. */
export type CsvRow = { readonly line: number; readonly cells: readonly (string | null)[] };

/**
 * The limit for a row, as for a line. A quote that is never closed would make the rest of the file one cell.
 */
const MAX_CELL = 4 * 1024 * 1024;

/** The rows of a CSV file (RFC 4180), its header first. Cells in quotes may hold line breaks. */
export async function* csvRows(lines: AsyncIterable<FileLine>): AsyncGenerator<CsvRow> {
  let begun: CsvRow | null = null;
  let open: string | null = null;
  for await (const { line, text } of lines) {
    const cells: (string | null)[] = begun === null ? [] : [...begun.cells];
    const start: number = begun?.line ?? line;
    const { last, rest } = readCells(text.replace(/\r$/, ""), open, cells);
    if (rest === null) {
      begun = null;
      open = null;
      cells.push(last);
      if (cells.length > 1 || last !== null) yield { line: start, cells };
    } else {
      begun = { line: start, cells };
      open = `${rest}\n`;
      if (open.length > MAX_CELL) throw notClosed(begun);
    }
  }
  if (begun !== null) throw notClosed(begun);
}

/**
 * Reads the cells of a line into `cells`, all but the last.
 *
 * @param open the text of a cell in quotes that began on a line before.
 * @returns the last cell; `rest` is its text so far if its quote is not closed.
 */
function readCells(
  text: string,
  open: string | null,
  cells: (string | null)[],
): { readonly last: string | null; readonly rest: string | null } {
  let at = 0;
  let cell = open ?? "";
  let quoted = open !== null;
  let inQuotes = open !== null;
  const end = () => (quoted || cell !== "" ? cell : null);
  for (; at < text.length; at++) {
    const character = text[at];
    if (inQuotes) {
      if (character !== '"') cell += character;
      else if (text[at + 1] === '"') {
        cell += '"';
        at++;
      } else inQuotes = false;
    } else if (character === ",") {
      cells.push(end());
      cell = "";
      quoted = false;
    } else if (character === '"' && cell === "" && !quoted) {
      quoted = true;
      inQuotes = true;
    } else cell += character;
  }
  return inQuotes ? { last: null, rest: cell } : { last: end(), rest: null };
}

const notClosed = ({ line }: CsvRow): CliError =>
  new CliError(`The quote that is opened in the row of line ${line} is not closed.`);
