import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { type HistoryOutcome, storeHistory } from "../connect/notification-history.ts";
import { tryTransaction } from "../connect/try-transaction.ts";
import type { Database } from "../db/client.ts";
import { readJson } from "../foreign-json.ts";
import { isStorable, UNSTORABLE } from "../foreign-text.ts";
import { csvRows } from "./csv.ts";
import { type FileLine, fileLines } from "./file-lines.ts";
import { fileProgress } from "./import-progress.ts";
import { auditImport, formatOf, type ImportFlags } from "./import-table.ts";
import { printImport } from "./print-import.ts";
import { type RefusedLines, refusedLines } from "./refused-lines.ts";
import type { Terminal } from "./terminal.ts";
import { withDatabase } from "./with-database.ts";

/** A line of the file, and its value or its fault. */
type HistoryLine = { readonly line: number; readonly value: unknown; readonly fault: string | null };

type Import = {
  readonly db: Database;
  readonly dryRun: boolean;
  readonly batch: string;
  readonly report: RefusedLines;
  readonly counts: Record<string, number>;
};

const LINES_PER_PART = 5_000;

/** Imports the notifications that an earlier system has sent, so that nobody is notified twice. */
export async function importHistory(terminal: Terminal, file: string, flags: ImportFlags): Promise<void> {
  const format = formatOf(file, flags);
  const progress = await fileProgress(terminal, file, flags.json === true);
  const report = await refusedLines(flags.report ?? `${file}.refused.ndjson`);
  const counts: Record<string, number> = {};
  const signal = terminal.interrupted();
  let isDone = true;
  await withDatabase(terminal, async (db) => {
    // A wrong address fails here at once; only the parts of the import are retried.
    await db.drizzle.execute(sql`select 1`);
    const importing = { db, dryRun: flags.dryRun === true, batch: randomUUID(), report, counts };
    const lines = fileLines(file, progress.update);
    let part: HistoryLine[] = [];
    for await (const line of format === "csv" ? csvLines(lines) : jsonLines(lines)) {
      part.push(line);
      if (part.length < LINES_PER_PART) continue;
      await storePart(importing, part);
      part = [];
      isDone = !signal.aborted;
      if (!isDone) break;
    }
    await storePart(importing, part);
    if (!flags.dryRun) await auditImport(db, "notifications:history", counts);
  }).finally(progress.stop);
  printImport(terminal, flags, {
    what: "notification-history",
    counts,
    refused: await report.close(),
    isDone,
  });
}

async function storePart(
  { db, dryRun, batch, report, counts }: Import,
  part: readonly HistoryLine[],
): Promise<void> {
  const values = part.map(({ value }) => value);
  const outcomes = await tryTransaction(db, dryRun, (tx) => storeHistory(tx, values, batch));
  for (const [index, { line, fault }] of part.entries()) {
    const outcome: HistoryOutcome =
      fault === null
        ? (outcomes[index] as HistoryOutcome)
        : { status: "rejected", faults: [{ field: "", fault }] };
    counts[outcome.status] = (counts[outcome.status] ?? 0) + 1;
    if (outcome.status === "rejected") report.add([{ line, status: outcome.status, faults: outcome.faults }]);
  }
}

async function* jsonLines(lines: AsyncIterable<FileLine>): AsyncGenerator<HistoryLine> {
  for await (const { line, text } of lines) {
    if (text.trim() === "") continue;
    const json = readJson(text);
    if ("fault" in json) yield { line, value: null, fault: json.fault };
    else yield { line, value: json.value, fault: json.faults[0]?.fault ?? null };
  }
}

/** Empty cells are left out. */
async function* csvLines(lines: AsyncIterable<FileLine>): AsyncGenerator<HistoryLine> {
  let header: readonly string[] | null = null;
  for await (const { line, cells } of csvRows(lines)) {
    if (header === null) header = cells.map((name) => name ?? "");
    else {
      const given = header.flatMap((name, index) => {
        const cell = cells[index] ?? null;
        return cell === null ? [] : [[name, cell] as const];
      });
      const fault = given.every(([, cell]) => isStorable(cell)) ? null : UNSTORABLE;
      yield { line, value: Object.fromEntries(given), fault };
    }
  }
}
