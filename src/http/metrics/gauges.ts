import { sql } from "drizzle-orm";
import { QUEUE_NAMES } from "../../config/queues.ts";
import {
  countMirrors,
  lastVerification,
  type MirrorCounts,
  type MirrorVerification,
} from "../../connect/status.ts";
import { rows } from "../../db/statement.ts";
import { withinLimit } from "../../deadlines.ts";
import { listStates } from "../../postings/listings.ts";
import { countEntries, countFailing, type EntryCount } from "../../queues/outbox-counts.ts";
import { countPostponed } from "../../queues/postpone.ts";
import { verificationState } from "../../rewards/verifications.ts";
import { setClockOffset } from "../../roles/clock-offset.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { scheduleLagSeconds } from "../../roles/scheduler.ts";
import { sharedReading } from "../../shared-reading.ts";

const READ_LIMIT_MS = 2_000;
const CARRIER_STATES = ["prioritized", "wait", "active", "delayed", "failed", "completed"] as const;

/** Gauges are read at most once in this time, however many readers there are. */
const CACHE_MS = 1_000;

/** The gauges of the registry that are read from Postgres and Redis. */
export type Gauges = {
  /** Reads them, unless they are less than a second old. */
  refresh(): Promise<void>;
  /** Reads them, but takes the numbers of entries from a caller that counts them anyway. */
  refreshWith(entries: CountsOfEntries): Promise<void>;
};

type CountsOfEntries = () => Promise<readonly EntryCount[]>;

/**
 * Gauges of one process, for its metrics and its dashboard. If Postgres or Redis does not answer in time, its
 * gauges are absent and `commonwork_reachable` is 0.
 */
export function scrapedGauges(runtime: Runtime, cacheMs = CACHE_MS): Gauges {
  const count = () => countEntries(runtime.db.drizzle, { from: runtime.relay.scanStarts() });
  return {
    refresh: sharedReading(cacheMs, () => readGauges(runtime, count)),
    refreshWith: (entries) => readGauges(runtime, entries),
  };
}

async function readGauges(runtime: Runtime, entries: CountsOfEntries): Promise<void> {
  await Promise.all([
    readPart(runtime, "postgres", () => readPostgres(runtime, entries)),
    readPart(runtime, "redis", () => readRedis(runtime)),
  ]);
  setClockOffset(runtime);
}

async function readPart(
  runtime: Runtime,
  part: "postgres" | "redis",
  read: () => Promise<() => void>,
): Promise<void> {
  try {
    // Replaced at once after everything was read: a part is exported as a whole or not at all.
    const setGauges = await withinLimit(READ_LIMIT_MS, read);
    resetGauges(runtime, part);
    setGauges();
    runtime.metrics.reachable.set({ part }, 1);
  } catch (error) {
    resetGauges(runtime, part);
    runtime.metrics.reachable.set({ part }, 0);
    runtime.log.debug({ err: error, part }, "could not read metrics");
  }
}

/** Removes old values, which would look like current ones. */
function resetGauges(runtime: Runtime, part: "postgres" | "redis"): void {
  const { carriers, entries, failingEntries, postponed, schedulePaused, oldest } = runtime.metrics;
  const { scheduleLag, oldestTransaction, ledgerDrift, ledgerVerifiedAge } = runtime.metrics;
  const { postingListFailures, postingListAge } = runtime.metrics;
  const ofLists = [postingListFailures, postingListAge];
  const { mirrorOldest, mirrorWaiting, mirrorFaults, mirrorStopped, mirrorDiffering } = runtime.metrics;
  const ofMirrors = [mirrorOldest, mirrorWaiting, mirrorFaults, mirrorStopped, mirrorDiffering];
  const ofPostgres = [
    entries,
    failingEntries,
    postponed,
    schedulePaused,
    oldest,
    ledgerVerifiedAge,
    ...ofLists,
    ...ofMirrors,
  ];
  for (const gauge of part === "redis" ? [carriers] : ofPostgres) gauge.reset();
  if (part === "postgres")
    for (const gauge of [scheduleLag, oldestTransaction, ledgerDrift, runtime.metrics.mirrorVerifiedAge])
      gauge.remove();
}

async function readPostgres(runtime: Runtime, count: CountsOfEntries): Promise<() => void> {
  const { entries, failingEntries, postponed, schedulePaused, oldest } = runtime.metrics;
  const { scheduleLag, oldestTransaction, ledgerDrift, ledgerVerifiedAge } = runtime.metrics;
  const on = runtime.db.drizzle;
  const [outbox, failing, waiting, paused, lagSeconds, [open], books, lists, mirrors, verified] =
    await Promise.all([
      count(),
      countFailing(on),
      countPostponed(on),
      rows<{ schedule: string; seconds: number }>(
        on,
        sql`select name as schedule, extract(epoch from now() - paused_at)::float8 as seconds from schedules where paused_at is not null`,
      ),
      scheduleLagSeconds(runtime.db),
      rows<{ seconds: number }>(
        on,
        sql`select coalesce(extract(epoch from now() - min(xact_start)), 0)::float8 as seconds from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`,
      ),
      verificationState(on),
      listStates(on),
      countMirrors(on),
      lastVerification(on),
    ]);
  return () => {
    const ages = new Map<string, number>();
    for (const { queue, state, count, oldestSeconds } of outbox) {
      entries.set({ queue, state }, count);
      if (oldestSeconds !== null) ages.set(queue, Math.max(oldestSeconds, ages.get(queue) ?? 0));
    }
    for (const { queue, count } of failing) failingEntries.set({ queue }, count);
    for (const [queue, age] of ages) oldest.set({ queue }, age);
    for (const { job, count } of waiting) postponed.set({ job }, count);
    for (const { schedule, seconds } of paused) schedulePaused.set({ schedule }, seconds);
    scheduleLag.set(lagSeconds);
    oldestTransaction.set(open?.seconds ?? 0);
    // Unknown before the first verification.
    if (books.drift !== null) ledgerDrift.set(books.drift);
    for (const { scope, seconds } of books.ages) ledgerVerifiedAge.set({ scope }, seconds);
    setListGauges(runtime.metrics, lists);
    setMirrorGauges(runtime.metrics, mirrors, verified);
  };
}

function setListGauges(
  { postingListFailures, postingListAge }: Runtime["metrics"],
  lists: Awaited<ReturnType<typeof listStates>>,
): void {
  for (const { source, board, failures, age } of lists) {
    postingListFailures.set({ source, board }, failures);
    if (age !== null) postingListAge.set({ source, board }, age);
  }
}

function setMirrorGauges(
  metrics: Runtime["metrics"],
  mirrors: readonly MirrorCounts[],
  verified: MirrorVerification | null,
): void {
  const { mirrorOldest, mirrorWaiting, mirrorFaults, mirrorStopped, mirrorDiffering } = metrics;
  for (const { mirror, oldestSeconds, waiting, faults, stopped } of mirrors) {
    mirrorOldest.set({ mirror }, oldestSeconds);
    mirrorWaiting.set({ mirror }, waiting);
    mirrorFaults.set({ mirror }, faults);
    mirrorStopped.set({ mirror }, stopped ? 1 : 0);
    const differing = verified?.differing[mirror];
    if (differing !== undefined) mirrorDiffering.set({ mirror }, differing);
  }
  if (verified !== null && mirrors.length > 0) metrics.mirrorVerifiedAge.set(verified.seconds);
}

async function readRedis(runtime: Runtime): Promise<() => void> {
  if (!runtime.producers.ready()) throw new Error("Redis is not connected.");
  const counted = await Promise.all(
    QUEUE_NAMES.map((queue) => runtime.producers.queue(queue).getJobCounts(...CARRIER_STATES)),
  );
  return () => {
    for (const [index, queue] of QUEUE_NAMES.entries()) {
      for (const state of CARRIER_STATES) {
        const count = counted[index]?.[state] ?? 0;
        if (count > 0) runtime.metrics.carriers.set({ queue, state }, count);
      }
    }
  };
}
