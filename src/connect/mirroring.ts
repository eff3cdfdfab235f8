import { setTimeout as delay } from "node:timers/promises";
import { sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { isContention, isDatabaseAbsent } from "../db/faults.ts";
import { rows } from "../db/statement.ts";
import { orAborted } from "../deadlines.ts";
import { type Log, warnThrottled } from "../log.ts";
import { shareRuns } from "../share-runs.ts";
import { fewerKeys, unlessTooSlow } from "./key-limit.ts";
import { applyNotes, KEYS_PER_ROUND, type RoundResult, resyncPart } from "./reconcile.ts";
import { checkSources } from "./source-check.ts";

/** Keeps the mirrors of one process's database up to date. */
export type Mirroring = {
  /** Starts applying changes as they are recorded. */
  start(): void;
  /** Resolves when the round under way has ended. */
  stop(): Promise<void>;
  /**
   * Applies the changes recorded so far. Call this before acting on something that the host wrote, so that
   * the rows of the same transaction are mirrored. Concurrent calls are served one at a time.
   *
   * @returns 0, or in how many milliseconds to try again: while mirrors have been behind for less than the
   *   patience, or when the signal aborts. Never rejects.
   */
  catchUp(signal: AbortSignal): Promise<number>;
};

export type MirroringDeps = {
  readonly db: Database;
  readonly log: Log;
  /** How long work waits for mirrors that are behind. */
  readonly patienceMs: number;
  /**
   * The time after which a round is rolled back, and tried with fewer keys. Default: the limit of a
   * transaction.
   */
  readonly roundLimitMs?: number;
};

/** How often to look for changes. */
const POLL_MS = 250;
/** How often to check the triggers on the host's tables. */
const CHECK_MS = 60_000;
/** How long one call waits for changes to be applied. */
const CATCH_UP_MS = 5_000;
/** How long to wait for the reconciler of another process. */
const BUSY_MS = 20;
/** When to try again while mirrors are behind. */
const HOLD_MS = 1_000;

export function createMirroring(deps: MirroringDeps): Mirroring {
  const failed = warnThrottled(deps.log, "mirrors could not be brought up to date");
  const behind = warnThrottled(deps.log, "work continues although mirrors are behind");
  const lost = warnThrottled(
    deps.log,
    "changes of the host's tables are not recorded: see commonwork connect status",
  );
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> | null = null;
  let checkedMs = Number.NEGATIVE_INFINITY;
  let limit = KEYS_PER_ROUND;
  const stopped = new AbortController();
  let pass: Promise<number> | null = null;
  const catchUp = shareRuns(() => {
    pass = catchUpOnce();
    return pass;
  });
  const catchUpOnce = async (): Promise<number> => {
    try {
      const options = { signal: stopped.signal, onRound: (round: RoundResult) => report(deps, round) };
      const lag = await applyNoted(deps.db, options);
      if (!isBehind(lag)) return 0;
      if (youngest(lag) < deps.patienceMs) return HOLD_MS;
      behind.warn(new Error("some changes of the host are not mirrored yet"));
      return 0;
    } catch (error) {
      if (!isDatabaseAbsent(error)) failed.warn(error);
      return HOLD_MS;
    }
  };
  const round = async () => {
    if (performance.now() - checkedMs >= CHECK_MS) {
      checkedMs = performance.now();
      const faults = await checkSources(deps.db);
      if (faults.length > 0)
        lost.warn(new Error(faults.map(({ mirror, fault }) => `${mirror}: ${fault}`).join("; ")));
      else lost.recovered();
    }
    limit = await applyAll(deps, limit);
  };
  const poll = () => {
    running ??= round()
      .then(failed.recovered, (error: unknown) => {
        if (!isDatabaseAbsent(error)) failed.warn(error);
      })
      .finally(() => {
        running = null;
      });
  };
  return {
    start() {
      timer ??= setInterval(poll, POLL_MS);
    },
    async stop() {
      clearInterval(timer);
      timer = undefined;
      stopped.abort();
      await Promise.all([running, pass]);
    },
    catchUp: (signal) => orAborted(catchUp(), signal).catch(() => HOLD_MS),
  };
}

/**
 * Applies all recorded changes, and one part after the other of a resync.
 *
 * @param limit how many keys to begin with.
 * @returns the limit for the next call. A round that took too long may hold the lock for a moment after it
 *   was given up; the lower limit is then kept.
 */
async function applyAll(deps: MirroringDeps, limit: number): Promise<number> {
  if (!(await isAnythingNoted(deps.db))) return KEYS_PER_ROUND;
  for (;;) {
    const results: (RoundResult | null)[] = [];
    for (const apply of [applyNotes, resyncPart]) {
      const result = await unlessTooSlow(() => apply(deps.db, limit, deps.roundLimitMs), limit);
      if (result !== null) report(deps, result);
      results.push(result);
    }
    if (results.includes(null)) limit = fewerKeys(limit);
    else if (results.some((result) => result?.kind === "busy")) return limit;
    else if (results.every((result) => result?.kind !== "applied")) return KEYS_PER_ROUND;
  }
}

/** Whether a round would do anything, in one statement, since every process checks four times a second. */
async function isAnythingNoted(db: Database): Promise<boolean> {
  const [found] = await rows<{ noted: boolean }>(
    db.drizzle,
    sql`select exists (
          select from mirrors m where m.stopped_at is null
            and (m.resync is not null or exists (select from dirty d where d.mirror = m.table_name))) as noted`,
  );
  return found?.noted === true;
}

function report({ log }: MirroringDeps, result: RoundResult): void {
  if (result.kind === "applied")
    for (const { mirror, reason } of result.stopped)
      log.error({ alert: "mirror-stopped", mirror, reason }, "mirror stopped; its changes are kept");
}

/** How far the mirrors are behind, in milliseconds; null: not at all. */
type Lag = {
  /** The last note of a mirror that is not stopped. */
  readonly last: string | null;
  readonly notedMs: number | null;
  readonly resyncMs: number | null;
  /** The time since which a mirror with unapplied changes has been stopped. */
  readonly stoppedMs: number | null;
};

/** @param upTo counts notes up to this one only. */
async function look(db: Database, upTo: string | null = null): Promise<Lag> {
  const ms = (since: string) => sql.raw(`(extract(epoch from clock_timestamp() - ${since}) * 1000)::float8`);
  const [lag] = await rows<Lag>(
    db.drizzle,
    sql`select max(d.id) filter (where m.stopped_at is null)::text as last,
               ${ms("min(d.at) filter (where m.stopped_at is null)")} as "notedMs",
               ${ms("max(m.resync_since) filter (where m.stopped_at is null)")} as "resyncMs",
               ${ms("max(m.stopped_at) filter (where d.id is not null)")} as "stoppedMs"
        from mirrors m left join dirty d on d.mirror = m.table_name
             and (m.stopped_at is not null or ${upTo}::bigint is null or d.id <= ${upTo}::bigint)`,
  );
  return lag ?? { last: null, notedMs: null, resyncMs: null, stoppedMs: null };
}

const isBehind = ({ last, resyncMs, stoppedMs }: Lag): boolean =>
  last !== null || resyncMs !== null || stoppedMs !== null;

/** How long the latest cause has lasted. */
const youngest = ({ notedMs, resyncMs, stoppedMs }: Lag): number =>
  Math.min(...[notedMs, resyncMs, stoppedMs].filter((ms) => ms !== null));

/**
 * Applies the changes recorded so far, for up to five seconds.
 *
 * @returns how far the mirrors are behind with these changes.
 */
export async function applyNoted(
  db: Database,
  {
    signal,
    onRound,
  }: { readonly signal?: AbortSignal; readonly onRound?: (round: RoundResult) => void } = {},
): Promise<Lag> {
  const deadline = performance.now() + CATCH_UP_MS;
  let lag = await look(db);
  const { last } = lag;
  let limit = KEYS_PER_ROUND;
  while (lag.last !== null && !signal?.aborted && performance.now() <= deadline) {
    const round = await unlessTooSlow(() => applyNotes(db, limit).catch(busyIfContended), limit);
    if (round === null) limit = fewerKeys(limit);
    else onRound?.(round);
    if (round?.kind === "busy") await delay(BUSY_MS);
    lag = await look(db, last);
  }
  return lag;
}

function busyIfContended(error: unknown): RoundResult {
  if (isContention(error)) return { kind: "busy" };
  throw error;
}
