import { sql } from "drizzle-orm";
import type { ListRef } from "../config/postings.ts";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { EMPLOYER_SOURCES } from "../ports/postings/index.ts";
import { MISSES_TO_CLOSE } from "../scoring/postings/listing-verdict.ts";
import { isDecisive, isEmployers, preferCopies } from "./clusters.ts";

/** A posting as the list contained it when it was last read. */
export type Sighting = {
  readonly sourceId: string;
  readonly postingId: string;
  readonly board: string;
  readonly contentHash: string;
  readonly missing: number;
};

/** The sightings of a list, and those of its source with one of the ids. */
export const readSightings = (
  tx: Tx,
  { source, board }: ListRef,
  sourceIds: readonly string[],
): Promise<Sighting[]> =>
  rows<Sighting>(
    tx,
    sql`select source_id as "sourceId", posting_id as "postingId", board, content_hash as "contentHash", missing
        from posting_sightings
        where source = ${source} and (board = ${board} or source_id = any(${array(sourceIds)}::text[]))
        order by source_id`,
  );

export type NewSighting = Pick<Sighting, "sourceId" | "postingId" | "contentHash">;

export async function insertSightings(
  tx: Tx,
  { source, board }: ListRef,
  sightings: readonly NewSighting[],
  now: Date,
): Promise<void> {
  if (sightings.length === 0) return;
  await tx.execute(
    sql`insert into posting_sightings (source, board, source_id, posting_id, content_hash, seen_at)
        select ${source}, ${board}, * , ${now}::timestamptz
        from unnest(${array(sightings.map((each) => each.sourceId))}::text[],
                    ${array(sightings.map((each) => each.postingId))}::bigint[],
                    ${array(sightings.map((each) => each.contentHash))}::text[])
        on conflict (source, source_id) do nothing`,
  );
}

/**
 * Records that a list contains these postings, and opens those that were closed, unless their employer has
 * closed them and this is not the employer's list. @returns how many.
 */
export async function markSeen(
  tx: Tx,
  { source, board }: ListRef,
  sourceIds: readonly string[],
  now: Date,
): Promise<number> {
  await tx.execute(
    sql`update posting_sightings set seen_at = ${now}, missing = 0, board = ${board}
        where source = ${source} and source_id = any(${array(sourceIds)}::text[])`,
  );
  const reopened = await rows<{ cluster: string | null }>(
    tx,
    sql`update jobs j set status = 'open', closed_at = null
        from posting_sightings s
        where s.source = ${source} and s.source_id = any(${array(sourceIds)}::text[]) and j.id = s.posting_id
          and j.status = 'closed' and (j.valid_through is null or j.valid_through >= ${now}::timestamptz)
          and (${EMPLOYER_SOURCES.includes(source)} or not exists (
                 select from posting_sightings s
                 where s.posting_id = j.id and s.missing >= ${MISSES_TO_CLOSE} and ${isDecisive(now)}))
        returning j.cluster`,
  );
  await preferCopies(tx, clustersOf(reopened), now);
  return reopened.length;
}

/** Applies an unchanged list: it still contains the same postings, and missing ones are missing once more. */
export async function markUnchanged(
  tx: Tx,
  { source, board }: ListRef,
  { isFull, now }: { readonly isFull: boolean; readonly now: Date },
): Promise<void> {
  await tx.execute(
    sql`update posting_sightings s set seen_at = ${now}
        from posting_listings l
        where s.source = ${source} and s.board = ${board} and l.source = s.source and l.board = s.board
          and s.missing = 0 and s.seen_at >= l.succeeded_at`,
  );
  if (!isFull) return;
  await tx.execute(
    sql`update posting_sightings set missing = missing + 1
        where source = ${source} and board = ${board} and missing between 1 and ${MISSES_TO_CLOSE - 1}`,
  );
}

/** Counts a miss of each of these postings of a list that was read whole. */
export async function markMissing(tx: Tx, source: string, sourceIds: readonly string[]): Promise<void> {
  if (sourceIds.length === 0) return;
  await tx.execute(
    sql`update posting_sightings set missing = least(missing + 1, ${MISSES_TO_CLOSE})
        where source = ${source} and source_id = any(${array(sourceIds)}::text[])`,
  );
}

/**
 * Closes the postings of an employer's board that no board of theirs contains any longer, whatever search
 * engines list. @returns how many.
 */
export async function closeGone(tx: Tx, { source, board }: ListRef, now: Date): Promise<number> {
  const closed = await rows<{ cluster: string | null }>(
    tx,
    sql`update jobs j set status = 'closed', closed_at = ${now}
        where j.status = 'open'
          and j.id in (select posting_id from posting_sightings
                       where source = ${source} and board = ${board} and missing >= ${MISSES_TO_CLOSE})
          and not exists (select from posting_sightings s where s.posting_id = j.id and s.missing < ${MISSES_TO_CLOSE}
                                                            and ${isEmployers(sql`s.source`)})
        returning j.cluster`,
  );
  await preferCopies(tx, clustersOf(closed), now);
  return closed.length;
}

export const clustersOf = (postings: readonly { readonly cluster: string | null }[]): string[] => [
  ...new Set(postings.flatMap(({ cluster }) => cluster ?? [])),
];
