import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { JobContext } from "../queues/job.ts";
import { type Counts, done, type Outcome } from "../queues/outcome.ts";
import type { Verdict } from "../scoring/media/limits.ts";
import type { CheckedRecord } from "./check-range.ts";
import type { PendingCheck } from "./queue-checks.ts";
import type { FileCheck } from "./read-file.ts";
import { type MadePreview, recordPreviews } from "./record-previews.ts";

/** What a check counts. */
export const NO_CHECKS = { ready: 0, rejected: 0, failed: 0 };

/** Records the files of a range. @param checked null in a dry run. */
export const recordRange = async (
  { tx, now }: JobContext,
  checked: readonly CheckedRecord[] | null,
): Promise<Outcome> => done(checked === null ? NO_CHECKS : await recordChecks(tx, checked, now));

/**
 * Records the verdicts on files. A known value stays where the check found none: a file that is no longer
 * readable keeps its size and duration. A record that was deleted, given another file or status, or checked
 * by another worker in the meantime is left as it is.
 */
async function recordChecks(tx: Tx, checked: readonly CheckedRecord[], now: Date): Promise<Counts> {
  const read = checked.filter(isRead);
  const unread = checked.length - read.length;
  const counts = unread > 0 ? { ...NO_CHECKS, unread } : NO_CHECKS;
  if (read.length === 0) return counts;
  const written = await rows<{ id: string; status: Verdict["status"] }>(
    tx,
    sql`update media m
        set status = v.status, checked_at = ${now},
            mime_type = coalesce(v.mime_type, m.mime_type), size_bytes = coalesce(v.size_bytes, m.size_bytes),
            width = coalesce(v.width, m.width), height = coalesce(v.height, m.height),
            duration_ms = coalesce(v.duration_ms, m.duration_ms), details = m.details || v.details,
            rejections = v.rejections, fault = v.fault,
            failures = case when v.fault is null then 0 else least(m.failures + 1, 1000) end
        from jsonb_to_recordset(${JSON.stringify(read.map(rowOf))}::jsonb) as v(
          id bigint, storage_key text, seen_status text, seen_checked_at timestamptz, status text, mime_type text,
          size_bytes bigint, width int, height int, duration_ms bigint, details jsonb, rejections jsonb, fault text)
        where m.id = v.id and m.storage_key = v.storage_key and m.status = v.seen_status
          and m.checked_at is not distinct from v.seen_checked_at
        returning m.id, m.status`,
  );
  const recorded = new Set(written.map(({ id }) => id));
  const made = read.flatMap(({ record: { id }, check: { preview } }): MadePreview[] =>
    preview !== null && recorded.has(id) ? [{ mediaId: id, preview }] : [],
  );
  await recordPreviews(tx, made, now);
  const of = (status: string): number => written.filter((row) => row.status === status).length;
  const overtaken = read.length - written.length;
  return {
    ...counts,
    ready: of("READY"),
    rejected: of("REJECTED"),
    failed: of("FAILED_PROCESSING"),
    ...(overtaken > 0 ? { overtaken } : {}),
    ...(made.length > 0 ? { previews: made.length } : {}),
  };
}

type ReadRecord = { readonly record: PendingCheck; readonly check: FileCheck };

const isRead = (checked: CheckedRecord): checked is ReadRecord => checked.check !== null;

/** Null: nothing is known. */
function rowOf({ record, check: { verdict, sizeBytes } }: ReadRecord) {
  const metadata = verdict.status === "FAILED_PROCESSING" ? null : verdict.metadata;
  return {
    id: record.id,
    storage_key: record.storageKey,
    seen_status: record.status,
    seen_checked_at: record.checkedAt,
    status: verdict.status,
    mime_type: metadata?.mimeType ?? null,
    size_bytes: sizeBytes,
    width: metadata?.width ?? null,
    height: metadata?.height ?? null,
    duration_ms: metadata?.durationMs ?? null,
    details: metadata?.details ?? {},
    rejections: verdict.status === "REJECTED" ? verdict.reasons : null,
    fault: verdict.status === "FAILED_PROCESSING" ? verdict.fault : null,
  };
}
