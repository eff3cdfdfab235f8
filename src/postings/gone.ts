import type { ListRef } from "../config/postings.ts";
import type { Tx } from "../db/transaction.ts";
import { sourceNamed } from "../ports/postings/index.ts";
import type { ReadList } from "../ports/postings/postings-port.ts";
import { listingVerdict } from "../scoring/postings/listing-verdict.ts";
import type { Listing } from "./listings.ts";
import { closeGone, markMissing, type Sighting } from "./sightings.ts";

type Gone = {
  readonly closed: number;
  readonly isShrunk: boolean;
  /** The facts that the next list is compared with. */
  readonly listed: number | null;
};

/**
 * Counts a miss for each posting that a full list does not contain, and closes those that are missing for the
 * second time. From a list that was cut off, or has lost more than half of its postings, nothing follows for
 * missing postings.
 */
export async function recordGone(
  tx: Tx,
  list: ListRef,
  facts: {
    readonly listing: Listing;
    readonly fetched: Extract<ReadList, { kind: "list" }>;
    readonly sightings: readonly Sighting[];
    readonly now: Date;
  },
): Promise<Gone> {
  const { listing, fetched, sightings, now } = facts;
  const { listed: previous, shrunkSince } = listing;
  const isFull = sourceNamed(list.source)?.isFull ?? false;
  if (!isFull || !fetched.isWhole) return { closed: 0, isShrunk: false, listed: previous };
  const found = fetched.postings.length;
  if (listingVerdict({ found, previous, shrunkSince, now }) === "shrunk")
    return { closed: 0, isShrunk: true, listed: previous };
  const listed = new Set([...fetched.postings.map(({ sourceId }) => sourceId), ...fetched.unreadableIds]);
  const missing = sightings.filter(({ board, sourceId }) => board === list.board && !listed.has(sourceId));
  await markMissing(
    tx,
    list.source,
    missing.map(({ sourceId }) => sourceId),
  );
  return { closed: await closeGone(tx, list, now), isShrunk: false, listed: found };
}
