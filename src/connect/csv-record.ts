import type { OwnColumn } from "./plan.ts";
import { type ReadRecord, readValue } from "./read-records.ts";
import type { FieldFault } from "./record-values.ts";

/** A table whose rows are read from CSV. */
export type CsvTable = { readonly table: string; readonly columns: readonly OwnColumn[] };

export type CsvHeader = {
  readonly header: readonly string[];
  /** Of rows that have none. */
  readonly version: string;
};

const TRUE = new Set(["true", "t", "1", "yes", "y"]);
const FALSE = new Set(["false", "f", "0", "no", "n"]);

/** As Postgres writes instants. */
const POSTGRES_INSTANT = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d)(?::?(\d\d))?$/;

const FIELDS: readonly string[] = ["host_id", "version", "deleted"];

/** What is wrong with a header; null if nothing is. Pure. */
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
    faults.push({ field: "", fault: `has ${cells.length} cells, and the header ${header.length}` });
  const given: Record<string, unknown> = {};
  for (const [index, name] of header.entries()) {
    const cell = cells[index] ?? null;
    if (FIELDS.includes(name)) continue;
    const column = columns.find((each) => each.name === name);
    if (cell === null && column?.notNull) continue;
    const value = cellValue(column, cell);
    if (value === undefined) faults.push({ field: `columns.${name}`, fault: "must be JSON" });
    else given[name] = value;
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

/** @returns undefined for what is not JSON and has to be. */
function cellValue(column: OwnColumn | undefined, cell: string | null): unknown {
  if (column === undefined || cell === null) return cell;
  if (column.type === "boolean") {
    const word = cell.toLowerCase();
    return TRUE.has(word) || (FALSE.has(word) ? false : cell);
  }
  if (column.type === "jsonb" || column.type.endsWith("[]")) return jsonOf(cell);
  if (column.type === "timestamp with time zone")
    return cell.replace(
      POSTGRES_INSTANT,
      (_, day, time, hours, minutes = "00") => `${day}T${time}${hours}:${minutes}`,
    );
  return cell;
}

function jsonOf(cell: string): unknown {
  try {
    return JSON.parse(cell);
  } catch {
    return undefined;
  }
}
