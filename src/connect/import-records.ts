import type { Database } from "../db/client.ts";
import { fewerKeys, unlessTooSlow } from "./key-limit.ts";
import type { ReadRecord } from "./read-records.ts";
import { type RecordOutcome, storeRecords } from "./store-records.ts";
import { tryTransaction } from "./try-transaction.ts";

/** A line that was read, and how long its text is. */
export type FileRecord = { readonly read: ReadRecord; readonly length: number };

/** A line of a file, and its outcome. */
export type ImportedLine = { readonly read: ReadRecord; readonly outcome: RecordOutcome };

export type ImportOptions = {
  /** Determines the outcomes of the lines without changing anything. */
  readonly dryRun: boolean;
  /** Ends the import after the part under way. */
  readonly signal: AbortSignal;
  /** Receives each part once it is stored. */
  onStored(lines: readonly ImportedLine[]): Promise<void>;
};

/** Lines, and characters, per transaction: about half a second, for which mirrors wait. */
const LINES_PER_PART = 5_000;
const LENGTH_OF_PART = 4 * 1024 * 1024;

/**
 * Stores records of a file in parts, each in a transaction. Nothing has to be remembered to continue after an
 * interruption: lines that were stored are found unchanged.
 *
 * @returns false if it was interrupted.
 */
export async function importRecords(
  db: Database,
  lines: AsyncIterable<FileRecord>,
  { dryRun, signal, onStored }: ImportOptions,
): Promise<boolean> {
  let part: ReadRecord[] = [];
  let partLength = 0;
  const store = async () => {
    if (part.length > 0) await onStored(await storePart(db, part, dryRun));
    part = [];
    partLength = 0;
  };
  for await (const { read, length } of lines) {
    part.push(read);
    partLength += length;
    if (part.length < LINES_PER_PART && partLength < LENGTH_OF_PART) continue;
    await store();
    if (signal.aborted) return false;
  }
  await store();
  return true;
}

/** Stores a part. One that takes longer than a statement may is stored in smaller ones. */
async function storePart(
  db: Database,
  part: readonly ReadRecord[],
  dryRun: boolean,
): Promise<ImportedLine[]> {
  const stored = await unlessTooSlow(() => storeLines(db, part, dryRun), part.length);
  if (stored !== null) return stored;
  const size = fewerKeys(part.length);
  const lines: ImportedLine[] = [];
  for (let from = 0; from < part.length; from += size)
    lines.push(...(await storePart(db, part.slice(from, from + size), dryRun)));
  return lines;
}

async function storeLines(
  db: Database,
  part: readonly ReadRecord[],
  dryRun: boolean,
): Promise<ImportedLine[]> {
  // Rows of a file are older than the connection to Commonwork.
  const records = part.flatMap((read) => ("record" in read ? [{ ...read.record, backfill: true }] : []));
  const left = [...(await tryTransaction(db, dryRun, (tx) => storeRecords(tx, records)))];
  return part.map((read) => ({
    read,
    outcome: "faults" in read ? { status: "rejected", faults: read.faults } : (left.shift() as RecordOutcome),
  }));
}
