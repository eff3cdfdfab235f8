import type { ListRef } from "../config/postings.ts";
import type { Settings } from "../config/settings.ts";
import type { Tx } from "../db/transaction.ts";
import type { CleanPosting } from "../ports/postings/clean-posting.ts";
import { sourceNamed } from "../ports/postings/index.ts";
import type { ReadList } from "../ports/postings/postings-port.ts";
import type { JobContext } from "../queues/job.ts";
import type { Counts } from "../queues/outcome.ts";
import { recordEdits } from "./edits.ts";
import type { FailedList, FetchedList } from "./fetch-list.ts";
import { recordGone } from "./gone.ts";
import {
  type Listing,
  readListing,
  recordFailure,
  recordSuccess,
  recordUnchanged,
  recordUsedUp,
  restAfterFailureMs,
} from "./listings.ts";
import { closeGone, markSeen, markUnchanged, readSightings } from "./sightings.ts";
import { storePostings } from "./store-postings.ts";

/** A list, its row, and when it was fetched. */
type Recording = {
  readonly tx: Tx;
  readonly list: ListRef;
  readonly listing: Listing;
  readonly now: Date;
};

/**
 * Stores the result of a fetch: new postings, edits, and postings that are gone. For a list that was read,
 * `found` = `stored` + `duplicates` + `failed` + `older` + `postponed`.
 */
export async function recordList(
  list: ListRef,
  fetched: FetchedList,
  { tx, now, settings, log }: Pick<JobContext, "tx" | "now" | "settings" | "log">,
): Promise<Counts> {
  const listing = await readListing(tx, list, true);
  // Removed since it was fetched.
  if (listing === null) return {};
  const recording = { tx, list, listing, now };
  if (fetched.kind === "failed") {
    log.warn({ ...list, fault: fetched.fault }, "could not read a list of postings");
    return recordFault(recording, fetched);
  }
  if (fetched.kind === "unchanged") return recordSameAgain(recording);
  if (Object.keys(fetched.refused).length > 0)
    log.warn({ ...list, refused: fetched.refused }, "refused some postings of a list");
  return recordRead(recording, fetched, settings.postings);
}

async function recordFault({ tx, list, listing, now }: Recording, fetched: FailedList): Promise<Counts> {
  const { fault, retryAfterMs } = fetched;
  if (fault === "requests-per-day-used") {
    await recordUsedUp(tx, list, now);
    return { waiting: 1 };
  }
  const restMs = Math.max(restAfterFailureMs(listing.failures + 1), retryAfterMs ?? 0);
  await recordFailure(tx, list, { fault, nextFetchAt: new Date(now.getTime() + restMs), now });
  return { failedLists: 1 };
}

async function recordSameAgain({ tx, list, now }: Recording): Promise<Counts> {
  const isFull = sourceNamed(list.source)?.isFull ?? false;
  await markUnchanged(tx, list, { isFull, now });
  const closed = isFull ? await closeGone(tx, list, now) : 0;
  await recordUnchanged(tx, list, now);
  return { unchanged: 1, closed };
}

async function recordRead(
  recording: Recording,
  fetched: Extract<ReadList, { kind: "list" }>,
  settings: Settings["postings"],
): Promise<Counts> {
  const { tx, list, listing, now } = recording;
  const sightings = await readSightings(
    tx,
    list,
    fetched.postings.map(({ sourceId }) => sourceId),
  );
  const known = new Map(sightings.map((sighting) => [sighting.sourceId, sighting]));
  const seen = fetched.postings.filter(({ sourceId }) => known.has(sourceId));
  const seenIds = seen.map(({ sourceId }) => sourceId);
  // Edits come first: they may extend a posting whose last day was over, which is then opened.
  const edits = await recordEdits(tx, list, { seen, known, now });
  const reopened = await markSeen(tx, list, seenIds, now);
  const unknown = fetched.postings.filter(({ sourceId }) => !known.has(sourceId));
  const fresh = chooseNew(unknown, settings, now);
  const copies = await storePostings(tx, list, fresh.chosen, now);
  const gone = await recordGone(tx, list, { listing, fetched, sightings, now });
  const failed = Object.values(fetched.refused).reduce((sum, n) => sum + n, 0);
  const { stored } = copies;
  const duplicates = copies.duplicates + seen.length;
  const counts = { found: fetched.postings.length + failed, stored, duplicates, failed };
  const isAllStored = fresh.postponed === 0 && edits.postponed === 0 && !gone.isShrunk;
  await recordSuccess(tx, list, {
    now,
    counts,
    validators: isAllStored ? fetched.validators : null,
    listed: gone.listed,
    shrunkSince: gone.isShrunk ? (listing.shrunkSince ?? now) : null,
  });
  const { older, postponed } = fresh;
  return { ...counts, older, postponed, reopened, edited: edits.edited, closed: gone.closed };
}

const DAY_MS = 86_400_000;

type Fresh = {
  readonly chosen: readonly CleanPosting[];
  /** Published too long ago. */
  readonly older: number;
  /** Beyond the limit of one run. */
  readonly postponed: number;
};

/** The newest postings, as many as one run stores. One without a date counts as new. */
function chooseNew(
  unknown: readonly CleanPosting[],
  { perRun, maxAgeDays }: Settings["postings"],
  now: Date,
): Fresh {
  const oldestMs = now.getTime() - maxAgeDays * DAY_MS;
  const postedMs = ({ postedAt }: CleanPosting): number => postedAt?.getTime() ?? now.getTime();
  const recent = unknown.filter((posting) => postedMs(posting) >= oldestMs);
  const chosen = recent.toSorted((a, b) => postedMs(b) - postedMs(a)).slice(0, perRun);
  return { chosen, older: unknown.length - recent.length, postponed: recent.length - chosen.length };
}
