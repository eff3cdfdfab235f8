import { sql } from "drizzle-orm";
import type { Tx } from "../db/transaction.ts";
import type { MediaPreview, PreviewPart } from "../scoring/media/previews.ts";

/** The previews requested for a record's file, and the result; null if it could not be decoded. */
export type TriedPreview = {
  readonly mediaId: string;
  readonly parts: readonly PreviewPart[];
  readonly preview: MediaPreview | null;
};

/**
 * Records previews, and which kinds were tried. Existing previews of a file stay if none was made this time.
 *
 * @returns how many previews were made.
 */
export async function recordPreviews(tx: Tx, tried: readonly TriedPreview[], now: Date): Promise<number> {
  if (tried.length === 0) return 0;
  await tx.execute(
    sql`insert into media_previews (media_id, thumbhash, thumbnail, waveform, parts, made_at)
        select v.id, decode(v.thumbhash, 'base64'), decode(v.thumbnail, 'base64'), v.waveform, v.parts, ${now}::timestamptz
        from jsonb_to_recordset(${JSON.stringify(tried.map(rowOf))}::jsonb) as v(
          id bigint, thumbhash text, thumbnail text, waveform smallint[], parts text[])
        order by v.id
        on conflict (media_id) do update
        set thumbhash = coalesce(excluded.thumbhash, media_previews.thumbhash),
            thumbnail = coalesce(excluded.thumbnail, media_previews.thumbnail),
            waveform = coalesce(excluded.waveform, media_previews.waveform),
            parts = array(select distinct unnest(media_previews.parts || excluded.parts) order by 1), made_at = excluded.made_at`,
  );
  return tried.filter(({ preview }) => preview !== null && hasPart(preview)).length;
}

const hasPart = ({ thumbhash, thumbnail, waveform }: MediaPreview): boolean =>
  (thumbhash ?? thumbnail ?? waveform) !== null;

const rowOf = ({ mediaId, parts, preview }: TriedPreview) => ({
  id: mediaId,
  parts,
  thumbhash: base64(preview?.thumbhash),
  thumbnail: base64(preview?.thumbnail),
  waveform: preview?.waveform ?? null,
});

const base64 = (bytes: Uint8Array | null | undefined): string | null =>
  bytes ? Buffer.from(bytes).toString("base64") : null;
