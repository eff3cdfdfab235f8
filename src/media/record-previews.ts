import { sql } from "drizzle-orm";
import type { Tx } from "../db/transaction.ts";
import type { MediaPreview } from "../scoring/media/previews.ts";

/** What was made of the file of a record. */
export type MadePreview = { readonly mediaId: string; readonly preview: MediaPreview };

/** Records previews. What is known of a file stays where nothing was made of it this time. */
export async function recordPreviews(tx: Tx, made: readonly MadePreview[], now: Date): Promise<void> {
  if (made.length === 0) return;
  await tx.execute(
    sql`insert into media_previews (media_id, thumbhash, thumbnail, waveform, made_at)
        select v.id, decode(v.thumbhash, 'base64'), decode(v.thumbnail, 'base64'), v.waveform, ${now}::timestamptz
        from jsonb_to_recordset(${JSON.stringify(made.map(rowOf))}::jsonb) as v(
          id bigint, thumbhash text, thumbnail text, waveform smallint[])
        order by v.id
        on conflict (media_id) do update
        set thumbhash = coalesce(excluded.thumbhash, media_previews.thumbhash),
            thumbnail = coalesce(excluded.thumbnail, media_previews.thumbnail),
            waveform = coalesce(excluded.waveform, media_previews.waveform), made_at = excluded.made_at`,
  );
}

const rowOf = ({ mediaId, preview: { thumbhash, thumbnail, waveform } }: MadePreview) => ({
  id: mediaId,
  thumbhash: base64(thumbhash),
  thumbnail: base64(thumbnail),
  waveform,
});

const base64 = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString("base64");
