import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import {
  deleteVersion,
  type ListVersion,
  retiredVersions,
  servedVersion,
  serveVersion,
} from "../db/versions.ts";
import type { JobContext } from "../queues/job.ts";
import { countWaiting, settleChangesBefore, waitingChanges } from "./changes.ts";
import { cutDrops, type PairRange, type StoreOptions } from "./pair-range.ts";
import { positionNewcomers } from "./place-in-lists.ts";
import { requireAlgorithm } from "./run-exclusion.ts";

/** More changes than this share of everybody take longer to place than computing all lists. */
const MAX_PLACED_SHARE = 0.002;
const MIN_PLACED = 500;
/** Each read of a list reads all placements of its version. */
const MAX_CHANGES_SHARE = 0.02;
const MIN_CHANGES = 1_000;
/** About 17 s of a thread with 100,000 people. */
const PLACED_PER_RANGE = 50;
const HOUR_MS = 3_600_000;
/** Older lists are recomputed even by a run without options, since newness depends on time. */
const FRESH_HOURS = 20;

/** The decision of a run about the served lists. */
export type PairPlan = "compute" | "place" | "outdated";

type Wanted = { readonly full: boolean; readonly servedLength: number | null };

/**
 * Decides on a run: lists of an older version of the algorithm, of another length or of yesterday are
 * recomputed; otherwise those who changed are placed in them. A process whose algorithm is older than what is
 * served writes nothing.
 *
 * @param servedLength null: any length.
 */
export function planRun(
  served: ListVersion | null,
  { algoVersion, now }: { readonly algoVersion: number; readonly now: Date },
  { full, servedLength }: Wanted,
): PairPlan {
  if (served === null) return "compute";
  if (served.algoVersion > algoVersion) return "outdated";
  const isOther =
    served.algoVersion < algoVersion || (servedLength !== null && served.servedLength !== servedLength);
  const isStale = now.getTime() - served.asOf.getTime() > FRESH_HOURS * HOUR_MS;
  return full || isOther || isStale ? "compute" : "place";
}

/**
 * Serves a version whose lists are complete.
 *
 * @returns the ranges that delete versions that are no longer served.
 */
export async function servePairs(
  { tx, now }: Pick<JobContext, "tx" | "now">,
  version: ListVersion,
): Promise<PairRange[]> {
  if (await serveVersion(tx, "pairs", version.id, now)) await settleChangesBefore(tx, version.id);
  const ranges: PairRange[] = [];
  for (const version of await retiredVersions(tx, "pairs")) ranges.push(...(await cutDrops(tx, version)));
  return ranges;
}

/** Deletes the versions whose lists were deleted. */
export async function forgetRetired(tx: Tx): Promise<void> {
  for (const version of await retiredVersions(tx, "pairs")) await deleteVersion(tx, version);
}

/**
 * Whether so many users wait, or were placed in the version that is served, that computing all lists is
 * better.
 */
export async function isTooManyToPlace(tx: Tx): Promise<boolean> {
  const waiting = await countWaiting(tx);
  if (waiting === 0) return false;
  const changes = waiting + ((await servedVersion(tx, "pairs"))?.changes ?? 0);
  if (waiting <= MIN_PLACED && changes <= MIN_CHANGES) return false;
  const [read] = await rows<{ people: number }>(
    tx,
    sql`select count(*)::int as people from pair_people p join list_versions v on v.id = p.version and v.state = 'served'`,
  );
  const people = read?.people ?? 0;
  return (
    waiting > Math.max(MIN_PLACED, MAX_PLACED_SHARE * people) ||
    changes > Math.max(MIN_CHANGES, MAX_CHANGES_SHARE * people)
  );
}

/** `atOnce`: how many users are placed together at most. */
export type PlacementOptions = StoreOptions & { readonly atOnce: number };

/**
 * The range that places those who wait the longest; null when nobody waits. One at a time: each depends on
 * the lists as the one before left them.
 *
 * @param only of these users.
 * @throws AnotherVersion where this process has an earlier algorithm than the lists.
 */
export async function nextPlacement(
  { tx, settings }: Pick<JobContext, "tx" | "settings">,
  { atOnce, perStatement, pauseMs }: PlacementOptions,
  only?: readonly string[],
): Promise<PairRange | null> {
  const waiting = await waitingChanges(tx, Math.min(atOnce, PLACED_PER_RANGE), only);
  if (waiting.length === 0) return null;
  const userIds = waiting.map(({ userId }) => userId);
  const served = await servedVersion(tx, "pairs");
  if (served === null) return { place: { userIds, perStatement, pauseMs } };
  requireAlgorithm(served, settings.pairs.matchAlgoVersion);
  await positionNewcomers(tx, served.id, userIds);
  return { place: { userIds, version: served.id, perStatement, pauseMs } };
}
