import { type CsvTable, csvRecord, headerFault } from "../connect/csv-record.ts";
import { type FileRecord, type ImportedLine, importRecords } from "../connect/import-records.ts";
import { readMirrors } from "../connect/installed.ts";
import { type ReadRecord, readValue } from "../connect/read-records.ts";
import { planRecords } from "../connect/record-plan.ts";
import { audit } from "../db/audit.ts";
import type { Database } from "../db/client.ts";
import { inTransaction } from "../db/transaction.ts";
import { readJson } from "../foreign-json.ts";
import { csvRows } from "./csv.ts";
import { type FileLine, fileLines } from "./file-lines.ts";
import type { ChangeFlags } from "./flags.ts";
import { fileProgress } from "./import-progress.ts";
import { printImport } from "./print-import.ts";
import { type RefusedLine, refusedLines } from "./refused-lines.ts";
import { CliError, operator, type Terminal } from "./terminal.ts";
import { withDatabase } from "./with-database.ts";

export type ImportFlags = ChangeFlags & {
  readonly format?: string;
  readonly setVersion: string;
  readonly report?: string;
};

/** Imports the rows of a table from a file. */
export async function importTable(
  terminal: Terminal,
  table: string,
  file: string,
  flags: ImportFlags,
): Promise<void> {
  const format = formatOf(file, flags);
  if (!/^\d{1,18}$/.test(flags.setVersion))
    throw new CliError("--set-version must be a whole number, 0 or greater.");
  const progress = await fileProgress(terminal, file, flags.json === true);
  const report = await refusedLines(flags.report ?? `${file}.refused.ndjson`);
  const counts: Record<string, number> = {};
  const isDone = await withDatabase(terminal, async (db) => {
    await refuseMirrored(db, table);
    const columns = format === "csv" ? await columnsOf(db, table) : [];
    const lines = fileLines(file, progress.update);
    const records =
      format === "csv"
        ? csvRecords({ table, columns }, lines, flags.setVersion)
        : jsonRecords(table, lines, flags.setVersion);
    const stored = importRecords(db, records, {
      dryRun: flags.dryRun === true,
      signal: terminal.interrupted(),
      onStored: async (lines) => {
        for (const { outcome } of lines) counts[outcome.status] = (counts[outcome.status] ?? 0) + 1;
        report.add(lines.flatMap(refusedOf));
      },
    });
    // Also when it fails: the parts before are stored.
    return stored.finally(async () => {
      if (!flags.dryRun) await auditImport(db, `mirrors:${table}`, counts);
    });
  }).finally(progress.stop);
  printImport(terminal, flags, { what: table, counts, refused: await report.close(), isDone });
}

/** Records an import with its numbers of lines by outcome. */
export const auditImport = (
  db: Database,
  subject: string,
  details: Readonly<Record<string, number>>,
): Promise<void> => audit(db.drizzle, { actor: operator(), action: "rows.import", subject, details });

export function formatOf(file: string, { format }: Pick<ImportFlags, "format">): "csv" | "ndjson" {
  const name = format ?? (/\.(csv|ndjson|jsonl)$/i.exec(file)?.[1] ?? "").toLowerCase();
  if (name === "csv") return "csv";
  if (name === "ndjson" || name === "jsonl") return "ndjson";
  throw new CliError("The file must have the extension .ndjson or .csv, or pass --format.");
}

/** @throws CliError */
async function refuseMirrored(db: Database, table: string): Promise<void> {
  const mirror = (await readMirrors(db.drizzle)).find((each) => each.table === table);
  if (mirror && !mirror.ofRecords) throw new CliError(`${table} is mirrored from tables in this database.`);
}

const columnsOf = async (db: Database, table: string): Promise<CsvTable["columns"]> =>
  (await inTransaction(db, (tx) => planRecords(tx, table))).columns;

/** The lines of NDJSON: records as the webhook takes them, whose table and version may be left out. */
async function* jsonRecords(
  table: string,
  lines: AsyncIterable<FileLine>,
  version: string,
): AsyncGenerator<FileRecord> {
  for await (const { line, text } of lines)
    if (text.trim() !== "") yield { read: jsonRecord(table, text, { line, version }), length: text.length };
}

function jsonRecord(
  table: string,
  text: string,
  { line, version }: { readonly line: number; readonly version: string },
): ReadRecord {
  const json = readJson(text);
  if ("fault" in json) return { line, table, key: null, faults: [{ field: "", fault: json.fault }] };
  const faults = json.faults.map(({ path, fault }) => ({ field: path.join("."), fault }));
  const { value } = json;
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  const named = isObject ? { table, version, ...value } : value;
  if (isObject && (named as { table: unknown }).table !== table)
    faults.push({ field: "table", fault: `is not ${table}` });
  return readValue(named, line, faults);
}

async function* csvRecords(
  table: CsvTable,
  lines: AsyncIterable<FileLine>,
  version: string,
): AsyncGenerator<FileRecord> {
  let header: string[] | null = null;
  for await (const { line, cells } of csvRows(lines)) {
    if (header === null) {
      header = cells.map((name) => name ?? "");
      const fault = headerFault(table, header);
      if (fault !== null) throw new CliError(`The header of the CSV file ${fault}.`);
      continue;
    }
    const length = cells.reduce((sum, cell) => sum + (cell?.length ?? 0), 0);
    yield { read: csvRecord(table, { header, version }, cells, line), length };
  }
}

function refusedOf({ read, outcome }: ImportedLine): RefusedLine[] {
  const faults =
    outcome.status === "rejected"
      ? outcome.faults
      : [{ field: "version", fault: "was already stored with different values" }];
  return outcome.status === "rejected" || outcome.status === "conflict"
    ? [{ line: read.line, host_id: read.key, status: outcome.status, faults }]
    : [];
}
