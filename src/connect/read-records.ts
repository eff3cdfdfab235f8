import { z } from "zod";
import { decodeUtf8, readJson } from "../foreign-json.ts";
import { foreignId } from "../foreign-text.ts";
import { mapInPortions } from "../portions.ts";
import { HOST_TABLES } from "./host-tables.ts";
import type { FieldFault } from "./record-values.ts";
import type { HostRecord } from "./record-versions.ts";

/** Records per call. */
export const MAX_RECORDS = 1_000;
const MAX_FAULTS = 10;
/** The largest bigint. */
const MAX_VERSION = 2n ** 63n - 1n;

const version = z
  .union(
    [
      z.int().min(0).transform(BigInt),
      z
        .string()
        .regex(/^\d{1,19}$/)
        .transform(BigInt),
    ],
    "must be a whole number, 0 or greater; write one above 2^53 as a string",
  )
  .refine((number) => number <= MAX_VERSION, "must be less than 2^63");

/** A record as a host sends it: a line of NDJSON. */
export const recordLine = z.strictObject({
  table: z.enum(Object.keys(HOST_TABLES), "is not a table that a host may write"),
  host_id: z
    .union([z.string(), z.int().transform(String)], "must be an id: a string or a whole number")
    .pipe(foreignId()),
  version,
  columns: z.record(z.string(), z.unknown(), "must be an object").optional(),
  deleted: z.literal(true, "must be true, or left out").optional(),
  backfill: z.boolean("must be true or false").optional(),
});

/** A line that was read: a record, or its faults. */
export type ReadRecord = {
  readonly line: number;
  /** The parts that could be read. */
  readonly table: string | null;
  readonly key: string | null;
} & ({ readonly record: HostRecord } | { readonly faults: readonly FieldFault[] });

/** The lines of a body, without empty ones. Pure; in portions, since a body may be megabytes long. */
export async function readRecordLines(
  raw: Buffer,
): Promise<{ readonly lines: readonly ReadRecord[] } | { readonly faults: readonly FieldFault[] }> {
  const decoded = decodeUtf8(raw);
  if ("fault" in decoded) return { faults: [{ field: "body", fault: decoded.fault }] };
  const lines = decoded.text
    .split("\n")
    .map((text, index) => ({ text: text.trim(), line: index + 1 }))
    .filter(({ text }) => text !== "");
  if (lines.length === 0 || lines.length > MAX_RECORDS)
    return { faults: [{ field: "body", fault: `must have 1 to ${MAX_RECORDS} lines` }] };
  return { lines: await mapInPortions(lines, ({ text, line }) => readRecord(text, line)) };
}

/** Reads one line. Pure; never throws. */
export function readRecord(text: string, line: number): ReadRecord {
  const json = readJson(text);
  if ("fault" in json) return { line, table: null, key: null, faults: [{ field: "", fault: json.fault }] };
  const unsound = json.faults.map(({ path, fault }) => ({ field: path.join("."), fault }));
  return readValue(json.value, line, unsound);
}

/** Reads a value of JSON as a record. @param unsound faults that were already found. Pure. */
export function readValue(value: unknown, line: number, unsound: readonly FieldFault[] = []): ReadRecord {
  const parsed = recordLine.safeParse(value);
  const faults = [
    ...unsound,
    ...(parsed.error?.issues ?? []).map(({ path, message }) => ({ field: path.join("."), fault: message })),
  ];
  if (parsed.data && (parsed.data.columns === undefined) === (parsed.data.deleted === undefined))
    faults.push({ field: "columns", fault: "is required unless deleted is true" });
  if (!parsed.success || faults.length > 0) {
    const named = value as { table?: unknown; host_id?: unknown } | null;
    return {
      line,
      table: recordLine.shape.table.safeParse(named?.table).data ?? null,
      key: recordLine.shape.host_id.safeParse(named?.host_id).data ?? null,
      faults: faults.slice(0, MAX_FAULTS),
    };
  }
  const { table, host_id: key, version, columns = null, backfill = false } = parsed.data;
  return { line, table, key, record: { table, key, version, columns, backfill } };
}
