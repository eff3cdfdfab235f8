import { sql } from "drizzle-orm";
import { bigint, check, index, integer, jsonb, pgTable, smallint, text } from "drizzle-orm/pg-core";
import { bytes, hostId, id, instant, knownIdIndex, ref } from "./columns.ts";
import { userRef } from "./users.ts";

/**
 * Uploaded files. The host inserts rows and fills the columns up to `createdAt`; a check sets the status and
 * the others. Row by row: a file may be gone, replaced or checked again at any time.
 */
export const media = pgTable(
  "media",
  {
    id: id(),
    hostId: hostId(),
    ownerId: userRef(),
    /** `IMAGE`, `VIDEO` and `AUDIO` are checked; other kinds of the host, such as `EMBED`, are not. */
    kind: text().notNull(),
    /**
     * `UPLOADED` and `VALIDATING` wait for a check, which sets `READY`, `REJECTED` or `FAILED_PROCESSING`.
     * Other statuses of the host are left alone.
     */
    status: text().notNull().default("UPLOADED"),
    visibility: text().notNull().default("PUBLIC"),
    /** The key in the media store. A trigger forgets what a check has found once it changes. */
    storageKey: text(),
    createdAt: instant().notNull().defaultNow(),
    /** A trigger sets it. */
    updatedAt: instant().notNull().defaultNow(),
    /** By content. */
    mimeType: text(),
    sizeBytes: bigint({ mode: "bigint" }),
    /** As displayed, in pixels. */
    width: integer(),
    height: integer(),
    durationMs: bigint({ mode: "bigint" }),
    /** Further metadata of the file: codecs, rates, orientation (MediaDetails). */
    details: jsonb().notNull().default({}),
    /** Why it was rejected, each reason with its values (Rejection). */
    rejections: jsonb(),
    /** Why the last check failed (FileFault). */
    fault: text(),
    /** Checks that failed since the last one that did not. */
    failures: smallint().notNull().default(0),
    checkedAt: instant(),
  },
  (t) => [
    knownIdIndex("media_known_id", t),
    // media-metadata-all, media-metadata-batch: what waits for a check.
    index("media_unchecked")
      .on(t.id)
      .where(
        sql`kind in ('IMAGE', 'VIDEO', 'AUDIO') and storage_key is not null
          and (status in ('UPLOADED', 'VALIDATING') or status = 'FAILED_PROCESSING' and failures <= 3)`,
      ),
    // media-metadata: files that were read lately.
    index("media_ready").on(t.checkedAt).where(sql`status = 'READY' and checked_at is not null`),
    // dashboard: files that were rejected or could not be read, latest first.
    index("media_refused")
      .on(t.checkedAt.desc().nullsLast())
      .where(sql`status in ('REJECTED', 'FAILED_PROCESSING')`),
    // delete-media-files: whether a record has the file again.
    index("media_storage_key").using("hash", t.storageKey),
    // the media of a user who is erased.
    index("media_owner").on(t.ownerId),
    check("media_kind", sql`kind <> '' and status <> ''`),
    check("media_size", sql`width > 0 and height > 0 and size_bytes >= 0 and duration_ms >= 0`),
  ],
);

/**
 * Previews generated from files, if enabled by MEDIA_PREVIEWS. In a table of their own, since the records are
 * read far more often. A trigger deletes the row of a record that is given another file, and of one whose
 * file has another size or type by now.
 */
export const mediaPreviews = pgTable("media_previews", {
  mediaId: ref()
    .primaryKey()
    .references(() => media.id, { onDelete: "cascade" }),
  thumbhash: bytes(),
  /** WebP. */
  thumbnail: bytes(),
  /** 200 numbers from 0 to 255. */
  waveform: smallint().array(),
  /** The previews that were requested, whether or not they could be made: they are not tried again. */
  parts: text().array().notNull().default([]),
  madeAt: instant().notNull(),
});
