import { sql } from "drizzle-orm";
import type { ListRef } from "../config/postings.ts";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { CleanPosting } from "../ports/postings/clean-posting.ts";
import { preparePosting } from "./content.ts";
import type { Sighting } from "./sightings.ts";
import { type Replacement, replacePostings } from "./write-postings.ts";

/** Rewritten in one run; the rest waits for the next one. */
const MAX_EDITS = 200;

type Seen = {
  readonly seen: readonly CleanPosting[];
  readonly known: ReadonlyMap<string, Sighting>;
  readonly now: Date;
};

/**
 * Rewrites postings that their source has edited. Edits of a copy whose content is not the stored one are
 * ignored.
 */
export async function recordEdits(
  tx: Tx,
  { source }: ListRef,
  { seen, known, now }: Seen,
): Promise<{ readonly edited: number; readonly postponed: number }> {
  const changed = seen.flatMap((posting) => {
    const sighting = known.get(posting.sourceId);
    const isChanged = sighting !== undefined && sighting.contentHash !== posting.contentHash;
    return isChanged ? [{ posting, postingId: sighting.postingId }] : [];
  });
  const edits = changed.slice(0, MAX_EDITS);
  if (edits.length === 0) return { edited: 0, postponed: 0 };
  const shown = await rows<{ id: string; sourceId: string }>(
    tx,
    sql`select id, source_id as "sourceId" from jobs
        where id = any(${array(edits.map(({ postingId }) => postingId))}::bigint[]) and source = ${source}`,
  );
  const shownAs = new Map(shown.map(({ id, sourceId }) => [id, sourceId]));
  const replacements = edits.flatMap(({ posting, postingId }): Replacement[] =>
    shownAs.get(postingId) === posting.sourceId ? [{ postingId, prepared: preparePosting(posting) }] : [],
  );
  await replacePostings(tx, source, replacements, now);
  await tx.execute(
    sql`update posting_sightings s set content_hash = e.content_hash
        from unnest(${array(edits.map(({ posting }) => posting.sourceId))}::text[],
                    ${array(edits.map(({ posting }) => posting.contentHash))}::text[]) as e (source_id, content_hash)
        where s.source = ${source} and s.source_id = e.source_id`,
  );
  return { edited: replacements.length, postponed: changed.length - edits.length };
}
