import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { JobContext } from "../queues/job.ts";
import { done, type Outcome } from "../queues/outcome.ts";
import type { Verdict } from "../scoring/media/limits.ts";
import { wantedParts } from "../scoring/media/previews.ts";
import type { CheckedRecord } from "./check-range.ts";
import type { PendingCheck } from "./queue-checks.ts";
import type { FileCheck } from "./read-file.ts";
import { recordPreviews, type TriedPreview } from "./record-previews.ts";

/** The counts of a check. */
export const NO_CHECKS = { ready: 0, rejected: 0, failed: 0 };

/** Records the files of a range. @param checked null in a dry run. */
export async function recordRange(
  { tx, now, settings }: JobContext,
  checked: readonly CheckedRecord[] | null,
): Promise<Outcome> {
  if (checked === null) return done(NO_CHECKS);
  const verdicts = checked.filter(hasVerdict);
  const written = await recordVerdicts(tx, verdicts, now);
  const previewed = await lockUnchanged(tx, checked.filter(isPreviewAlone));
  const ready = new Set(
    [...written.filter(({ status }) => status === "READY"), ...previewed].map(({ id }) => id),
  );
  const tried = checked.flatMap(({ record: { id, kind }, check }): TriedPreview[] => {
    const parts = wantedParts(kind, settings.media.previews);
    return check !== null && parts.length > 0 && ready.has(id)
      ? [{ mediaId: id, parts, preview: check.preview }]
      : [];
  });
  const previews = await recordPreviews(tx, tried, now);
  const of = (status: string): number => written.filter((row) => row.status === status).length;
  const unread = checked.filter(({ check }) => check === null).length;
  const overtaken = verdicts.length - written.length;
  return done({
    ready: of("READY"),
    rejected: of("REJECTED"),
    failed: of("FAILED_PROCESSING"),
    ...(unread > 0 ? { unread } : {}),
    ...(overtaken > 0 ? { overtaken } : {}),
    ...(previews > 0 ? { previews } : {}),
  });
}

type RecordWithVerdict = { readonly record: PendingCheck; readonly check: FileCheck };

const hasVerdict = (checked: CheckedRecord): checked is RecordWithVerdict =>
  checked.check !== null && checked.check.verdict !== null;

const isPreviewAlone = ({ check }: CheckedRecord): boolean => check !== null && check.verdict === null;

/**
 * Records the verdicts on files. A known value stays if the check found none: a file that is no longer
 * readable keeps its size and duration. A record that was deleted, given another file or status, or checked
 * by another worker in the meantime is left as it is.
 *
 * @returns those that were recorded.
 */
async function recordVerdicts(
  tx: Tx,
  verdicts: readonly RecordWithVerdict[],
  now: Date,
): Promise<{ id: string; status: Verdict["status"] }[]> {
  if (verdicts.length === 0) return [];
  return rows(
    tx,
    sql`update media m
        set status = v.status, checked_at = ${now},
            mime_type = coalesce(v.mime_type, m.mime_type), size_bytes = coalesce(v.size_bytes, m.size_bytes),
            width = coalesce(v.width, m.width), height = coalesce(v.height, m.height),
            duration_ms = coalesce(v.duration_ms, m.duration_ms), details = m.details || v.details,
            rejections = v.rejections, fault = v.fault,
            failures = case when v.fault is null then 0 else least(m.failures + 1, 1000) end
        from jsonb_to_recordset(${JSON.stringify(verdicts.map(rowOf))}::jsonb) as v(
          id bigint, storage_key text, seen_status text, seen_checked_at timestamptz, status text, mime_type text,
          size_bytes bigint, width int, height int, duration_ms bigint, details jsonb, rejections jsonb, fault text)
        where m.id = v.id and m.storage_key = v.storage_key and m.status = v.seen_status
          and m.checked_at is not distinct from v.seen_checked_at
        returning m.id, m.status`,
  );
}

/** Locks the records that are still as they were read, and returns them. */
async function lockUnchanged(tx: Tx, checked: readonly CheckedRecord[]): Promise<{ id: string }[]> {
  if (checked.length === 0) return [];
  const read = checked.map(({ record: { id, storageKey, checkedAt } }) => ({ id, storageKey, checkedAt }));
  return rows(
    tx,
    sql`select m.id from media m
        join jsonb_to_recordset(${JSON.stringify(read)}::jsonb) as v(id bigint, "storageKey" text, "checkedAt" timestamptz) on v.id = m.id
        where m.status = 'READY' and m.storage_key = v."storageKey" and m.checked_at = v."checkedAt"
        order by m.id for no key update of m`,
  );
}

/** The columns to write. Null for unknown values. */
function rowOf({ record, check: { verdict, sizeBytes } }: RecordWithVerdict) {
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
