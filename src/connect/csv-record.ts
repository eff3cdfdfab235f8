import { readJson } from "../foreign-json.ts";
import { isStorable, UNSTORABLE } from "../foreign-text.ts";
import type { OwnColumn } from "./plan.ts";
import { type ReadRecord, readValue } from "./read-records.ts";
import type { FieldFault } from "./record-values.ts";

/** A table whose rows are read from CSV. */
export type CsvTable = { readonly table: string; readonly columns: readonly OwnColumn[] };

export type CsvHeader = {
  readonly header: readonly string[];
  /** The version of rows that have none. */
  readonly version: string;
};

const TRUE = new Set(["true", "t", "1", "yes", "y"]);
const FALSE = new Set(["false", "f", "0", "no", "n"]);

/** An instant as Postgres writes it. */
const POSTGRES_INSTANT = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d)(?::?(\d\d))?$/;

const FIELDS: readonly string[] = ["host_id", "version", "deleted"];

/** The fault of a header; null if it has none. Pure. */
export function headerFault({ columns }: CsvTable, header: readonly string[]): string | null {
  if (!header.includes("host_id")) return "needs host_id";
  const twice = header.find((name, index) => header.indexOf(name) !== index);
  if (twice !== undefined) return `has ${twice} twice`;
  const unknown = header.filter(
    (name) => !FIELDS.includes(name) && !columns.some((column) => column.name === name),
  );
  return unknown.length === 0 ? null : `names ${unknown.join(", ")}, which a host may not write`;
}

/**
 * Reads the cells of a row as a record. An empty cell is null, or leaves the column to its default where it
 * cannot be null. Pure.
 *
 * @param header names the cells: host_id, version, deleted, and columns of the table.
 */
export function csvRecord(
  { table, columns }: CsvTable,
  { header, version }: CsvHeader,
  cells: readonly (string | null)[],
  line: number,
): ReadRecord {
  const faults: FieldFault[] = [];
  if (cells.length !== header.length)
    faults.push({ field: "", fault: `has ${cells.length} cells, but the header has ${header.length}` });
  const given: Record<string, unknown> = {};
  for (const [index, name] of header.entries()) {
    const cell = cells[index] ?? null;
    if (cell !== null && !isStorable(cell)) faults.push({ field: fieldOf(name), fault: UNSTORABLE });
    if (FIELDS.includes(name)) continue;
    const column = columns.find((each) => each.name === name);
    if (cell === null && column?.notNull) continue;
    const read = cellValue(column, cell);
    if ("fault" in read) faults.push({ field: fieldOf(name), fault: read.fault });
    else given[name] = read.value;
  }
  const cellOf = (name: string) => cells[header.indexOf(name)] ?? undefined;
  const deleted = TRUE.has((cellOf("deleted") ?? "").toLowerCase());
  const value = {
    table,
    host_id: cellOf("host_id"),
    version: cellOf("version") ?? version,
    ...(deleted ? { deleted } : { columns: given }),
  };
  return readValue(value, line, faults);
}

const fieldOf = (name: string): string => (FIELDS.includes(name) ? name : `columns.${name}`);

type CellValue = { readonly value: unknown } | { readonly fault: string };

function cellValue(column: OwnColumn | undefined, cell: string | null): CellValue {
  if (column === undefined || cell === null) return { value: cell };
  if (column.type === "boolean") return { value: booleanOf(cell) };
  if (column.type === "jsonb" || column.type.endsWith("[]")) return jsonOf(cell);
  if (column.type === "timestamp with time zone") return { value: instantOf(cell) };
  return { value: cell };
}

/** Other words are refused later. */
function booleanOf(cell: string): boolean | string {
  const word = cell.toLowerCase();
  return TRUE.has(word) || (FALSE.has(word) ? false : cell);
}

const instantOf = (cell: string): string =>
  cell.replace(
    POSTGRES_INSTANT,
    (_, day, time, hours, minutes = "00") => `${day}T${time}${hours}:${minutes}`,
  );

function jsonOf(cell: string): CellValue {
  const read = readJson(cell);
  if ("fault" in read) return { fault: "must be JSON" };
  const [unsound] = read.faults;
  return unsound === undefined ? read : { fault: unsound.fault };
}
