import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { type MediaKind, whySkipped } from "../scoring/media/limits.ts";
import { PREVIEW_PARTS, type PreviewParts, wantedParts } from "../scoring/media/previews.ts";

/** Why the media jobs are skipped. */
export const NO_STORE = "MEDIA_FOLDER and MEDIA_S3_BUCKET are not set";

/** Records that one range checks: those with an id from `from` to `to` that wait for a check, or just one. */
export const checkRange = z.object({
  from: z.string(),
  to: z.string(),
  /**
   * Whether the check was requested: the record is checked whatever its status was. The name is stored with
   * ranges, which another version reads.
   */
  isAsked: z.boolean(),
  /** Records that were created before this instant are left out. */
  since: z.string().nullable(),
  /** Also makes enabled previews of READY files that were never tried. */
  withPreviews: z.boolean().default(false),
  pauseMs: z.int(),
});
export type CheckRange = z.infer<typeof checkRange>;

/**
 * The condition of the index media_unchecked, for rows `m`. A record that failed is checked three more times
 * by itself.
 */
const UNCHECKED = sql`m.kind in ('IMAGE', 'VIDEO', 'AUDIO') and m.storage_key is not null
  and (m.status in ('UPLOADED', 'VALIDATING') or m.status = 'FAILED_PROCESSING' and m.failures <= 3)`;

/** The condition of whySkipped. */
const CHECKABLE = sql`m.kind in ('IMAGE', 'VIDEO', 'AUDIO') and m.storage_key is not null
  and m.status in ('UPLOADED', 'VALIDATING', 'READY', 'REJECTED', 'FAILED_PROCESSING')`;

/**
 * SQL: whether a check has found record `m` READY and an enabled preview was never tried, because it was
 * enabled later.
 */
const lacksPreview = (wanted: PreviewParts): SQL => {
  const of = (kind: MediaKind) => sql`${array(wantedParts(kind, wanted))}::text[]`;
  return sql`m.status = 'READY' and m.checked_at is not null and m.storage_key is not null
    and not case m.kind when 'IMAGE' then ${of("IMAGE")} when 'AUDIO' then ${of("AUDIO")} else '{}' end
            <@ coalesce((select p.parts from media_previews p where p.media_id = m.id), '{}')`;
};

/** @param wanted null: records that lack only previews are left out. */
const waiting = (wanted: PreviewParts | null): SQL =>
  wanted !== null && PREVIEW_PARTS.some((part) => wanted[part])
    ? sql`(${UNCHECKED} or ${lacksPreview(wanted)})`
    : UNCHECKED;

/** Which records a run checks. */
export type CheckScope = {
  /**
   * Records that were created before this instant are left out, except those whose file was replaced since.
   */
  readonly since: string | null;
  /** Also makes missing previews of these kinds; null: none. */
  readonly previews: PreviewParts | null;
  readonly perRange: number;
  readonly pauseMs: number;
};

/** At most this many ranges in a run; with more records the ranges are larger. */
const MAX_RANGES = 1_000;

/** Cuts the records that wait for a check into ranges, in the order of their ids. */
export async function cutUnchecked(
  tx: Tx,
  { since, previews, perRange, pauseMs }: CheckScope,
): Promise<CheckRange[]> {
  const found = await rows<{ from: string; to: string }>(
    tx,
    sql`select min(id)::text as "from", max(id)::text as "to" from (
          select id, (row_number() over (order by id) - 1)
                     / greatest(${perRange}::bigint, ceil(count(*) over () / ${MAX_RANGES}::numeric)::bigint) as part
          from media m where ${waiting(previews)} and ${createdSince(since)}) numbered
        group by part order by part`,
  );
  const withPreviews = previews !== null;
  return found.map((span) => ({ ...span, isAsked: false, since, withPreviews, pauseMs }));
}

/** The range of one record. */
export const rangeOfOne = (mediaId: string): CheckRange => ({
  from: mediaId,
  to: mediaId,
  isAsked: true,
  since: null,
  withPreviews: false,
  pauseMs: 0,
});

/** A record that was checked and waits again was given another file when it was last written. */
const createdSince = (since: string | null): SQL =>
  since === null
    ? sql`true`
    : sql`(m.created_at >= ${since}::timestamptz
           or m.status in ('UPLOADED', 'VALIDATING') and m.checked_at is not null and m.updated_at >= ${since}::timestamptz)`;

/** A record to check, as it was read. Later changes are not overwritten. */
export type PendingCheck = {
  readonly id: string;
  readonly kind: MediaKind;
  readonly status: string;
  readonly storageKey: string;
  readonly checkedAt: string | null;
  /** It is READY, and stays so: what is missing is its preview. */
  readonly isPreviewOnly: boolean;
};

/** The records of a range that are still to be checked. @param wanted the previews to make. */
export function pendingChecks(
  tx: Tx,
  { from, to, isAsked: isRequested, since, withPreviews }: CheckRange,
  wanted: PreviewParts,
): Promise<PendingCheck[]> {
  const condition = isRequested ? CHECKABLE : waiting(withPreviews ? wanted : null);
  return rows<PendingCheck>(
    tx,
    sql`select m.id, m.kind, m.status, m.storage_key as "storageKey", m.checked_at::text as "checkedAt",
               ${!isRequested}::boolean and m.status = 'READY' as "isPreviewOnly"
        from media m
        where m.id between ${from} and ${to} and ${condition} and ${createdSince(since)} order by m.id`,
  );
}

/** The record with an id: why it is not checked, or null if it is. Undefined if there is none. */
export async function findRecord(
  tx: Tx,
  mediaId: string,
): Promise<{ readonly skipped: string | null } | undefined> {
  const [record] = await rows<{ kind: string; status: string; storageKey: string | null }>(
    tx,
    sql`select kind, status, storage_key as "storageKey" from media where id = ${mediaId}`,
  );
  return record && { skipped: whySkipped(record) };
}

/** At most this many keys are tried to tell a missing file from a missing store. */
const WITNESSES = 8;

/** Keys of files that were read lately: while none of them is found, the store has lost its content. */
export async function witnessKeys(tx: Tx): Promise<readonly string[]> {
  const found = await rows<{ key: string }>(
    tx,
    sql`select storage_key as key from media where status = 'READY' and checked_at is not null and storage_key is not null
        order by checked_at desc limit ${WITNESSES}`,
  );
  return found.map(({ key }) => key);
}
