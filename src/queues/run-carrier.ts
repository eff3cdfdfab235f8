import { setTimeout as delay } from "node:timers/promises";
import { sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { databaseFault, isContention, isDatabaseAbsent, isDatabaseUnfit } from "../db/faults.ts";
import { withTimeLimit } from "../deadlines.ts";
import type { Carrier } from "./carriers.ts";
import { type Coalescer, mayCoalesce } from "./coalesce-carriers.ts";
import type { Execution, Work } from "./execution.ts";
import { type Disposition, dispositionOf, failEntry, releaseEntries } from "./failure.ts";
import { Interrupted, TimeLimitExceeded } from "./outcome.ts";
import { markRunning } from "./runs.ts";
import { settle } from "./settle.ts";
import { countOutcome, countReason, emptyTally, type Tally } from "./tally.ts";

export type RunCarrierDeps = Execution & {
  readonly db: Database;
  /** Settles small carriers of one job together; without it each is settled alone. */
  readonly coalescer?: Coalescer;
  /** Receives what became of the carrier, for its metrics and its log line. */
  report(report: CarrierReport): void;
};

export type CarrierReport = {
  readonly carrier: Carrier;
  readonly work: Work;
  readonly tally: Tally;
  readonly failures: readonly FailedEntry[];
  readonly tookMs: number;
};

/** An entry that used an attempt. */
export type FailedEntry = {
  readonly entry: string;
  readonly outcome: "retry" | "dead" | "interrupted";
  readonly reason: string;
  readonly error: unknown;
};

/** How long a worker waits for Postgres before it leaves the carrier to the sweep. */
const POSTGRES_PATIENCE_MS = 120_000;

/** Postgres may go away this often under one carrier; after that its work is suspected of being the cause. */
const MAX_LOSSES = 5;

/**
 * Entries of a job that this version does not know are due again after this time: a newer version may be
 * starting.
 */
const UNKNOWN_JOB_DELAY_MS = 30_000;

/** The state of one carrier while it runs. */
type Attempt = {
  readonly deps: RunCarrierDeps;
  readonly carrier: Carrier;
  readonly work: Work;
  readonly stop: AbortSignal;
  readonly tally: Tally;
  /** Entries that were not settled, and why. */
  readonly unsettled: Unsettled[];
  /** How often in a row Postgres went away. */
  losses: number;
};

type Unsettled = {
  readonly ids: readonly string[];
  readonly disposition: Disposition;
  readonly error?: unknown;
};

/**
 * Runs one carrier on a worker. Its entries are settled in one transaction under a time limit; a group that
 * throws is halved until the failing entry is alone, and only that one uses an attempt.
 *
 * @returns how each entry ended.
 * @throws UnknownJob when this version has no such job; the entries are due again later, without using an
 * attempt.
 */
export async function runCarrier(deps: RunCarrierDeps, carrier: Carrier, stop: AbortSignal): Promise<Tally> {
  const startedMs = performance.now();
  const attempt = await findWork(deps, carrier, stop);
  await markRunStarted(attempt);
  await settleOrSplit(attempt, carrier.entries, firstSettle(attempt));
  const failures = await applyFailures(attempt);
  const { work, tally } = attempt;
  deps.report({ carrier, work, tally, failures, tookMs: Math.round(performance.now() - startedMs) });
  return tally;
}

/** No job of this version has the name on the carrier; another version may know it. */
export class UnknownJob extends Error {
  override readonly name = "UnknownJob";
  constructor(job: string) {
    super(`unknown job "${job}" in this version`);
  }
}

async function findWork(deps: RunCarrierDeps, carrier: Carrier, stop: AbortSignal): Promise<Attempt> {
  const work = deps.catalogue.find(carrier.job);
  if (work) return { deps, carrier, work, stop, tally: emptyTally(), unsettled: [], losses: 0 };
  await releaseEntries(deps.db, carrier.entries, UNKNOWN_JOB_DELAY_MS);
  deps.log.warn({ job: carrier.job, entries: carrier.entries.length }, "unknown job: entries released");
  throw new UnknownJob(carrier.job);
}

/** For display only: if Postgres fails here, settling fails too and reports it. */
async function markRunStarted({ deps, carrier }: Attempt): Promise<void> {
  if (carrier.run !== null) await markRunning(deps.db.drizzle, carrier.run).catch(() => undefined);
}

/** A small carrier is first settled together with others; if that throws, alone. */
const firstSettle = ({ deps: { coalescer }, work, carrier }: Attempt): typeof settle =>
  coalescer && mayCoalesce(work.job, carrier) ? coalescer.settle : settle;

async function settleOrSplit(
  attempt: Attempt,
  ids: readonly string[],
  settleGroup: typeof settle = settle,
): Promise<void> {
  const { deps, work, stop, tally, unsettled } = attempt;
  try {
    const limit = { ms: work.job.timeLimitMs, stop, timedOut: () => timedOut(work), stopped };
    const settled = await withTimeLimit(limit, (signal) => settleGroup(deps, work, ids, signal));
    tally.duplicate += ids.length - settled.length;
    for (const { outcome } of settled) countOutcome(tally, outcome);
    attempt.losses = 0;
  } catch (error) {
    const disposition = stop.aborted ? INTERRUPTED : dispositionOf(error);
    if (disposition === null && ++attempt.losses <= MAX_LOSSES) return settleAfterOutage(attempt, ids);
    // The fault of the server is not found by halving.
    if (ids.length > 1 && !stop.aborted && !isDatabaseUnfit(error)) return splitInHalf(attempt, ids);
    unsettled.push({ ids, disposition: disposition ?? LOSES_POSTGRES, error });
  }
}

const timedOut = ({ job }: Work) => new TimeLimitExceeded(`ran longer than ${job.timeLimitMs} ms`);
const stopped = () => new Interrupted("the worker is stopping");

const INTERRUPTED: Disposition = { kind: "later", delayMs: 0, outcome: "interrupted" };
const LOSES_POSTGRES: Disposition = { kind: "retry", error: "Postgres went away each time it ran" };

async function splitInHalf(attempt: Attempt, ids: readonly string[]): Promise<void> {
  const middle = ids.length >> 1;
  await settleOrSplit(attempt, ids.slice(0, middle));
  await settleOrSplit(attempt, ids.slice(middle));
}

/** Postgres went away: the carrier continues as soon as it answers again. No attempt is used. */
async function settleAfterOutage(attempt: Attempt, ids: readonly string[]): Promise<void> {
  const ping = () => attempt.deps.db.drizzle.execute(sql`select 1`).then(() => true);
  await delay(50 + Math.random() * 100, undefined, { signal: attempt.stop }).catch(() => undefined);
  if (await untilWritten(attempt, ping)) return settleOrSplit(attempt, ids);
  attempt.tally.interrupted += ids.length;
}

/**
 * Gives back what was interrupted or snoozed, and uses an attempt of what failed.
 * @returns the entries that failed.
 */
async function applyFailures(attempt: Attempt): Promise<FailedEntry[]> {
  const failures: FailedEntry[] = [];
  for (const { ids, disposition, error } of attempt.unsettled) {
    if (disposition.kind === "later") await giveBack(attempt, ids, disposition);
    else for (const id of ids) failures.push(await fail(attempt, id, disposition, error));
  }
  return failures;
}

async function giveBack(
  attempt: Attempt,
  ids: readonly string[],
  { delayMs, outcome }: Extract<Disposition, { kind: "later" }>,
): Promise<void> {
  const { deps, tally } = attempt;
  const written = await untilWritten(attempt, () => releaseEntries(deps.db, ids, delayMs).then(() => true));
  tally[written ? outcome : "interrupted"] += ids.length;
}

async function fail(
  attempt: Attempt,
  entry: string,
  { kind, error: reason }: Exclude<Disposition, { kind: "later" }>,
  error: unknown,
): Promise<FailedEntry> {
  const { deps, work, tally } = attempt;
  const status = kind === "cancelled" ? "cancelled" : "failed";
  const failure = { error: reason, final: kind !== "retry", status } as const;
  const outcome =
    (await untilWritten(attempt, () => failEntry(deps.db, work.job, entry, failure))) ?? "interrupted";
  tally[outcome] += 1;
  countReason(tally, reason);
  return { entry, outcome, reason, error };
}

const QUERY_CANCELED = "57014";

/**
 * Repeats a write until it succeeds, the worker stops, or patience ends. In the last two cases the sweep
 * frees the entries later.
 */
async function untilWritten<T>({ stop }: Attempt, write: () => Promise<T>): Promise<T | undefined> {
  const deadline = Date.now() + POSTGRES_PATIENCE_MS;
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 2_000)) {
    try {
      return await write();
    } catch (error) {
      const passing =
        isDatabaseAbsent(error) || isContention(error) || databaseFault(error)?.code === QUERY_CANCELED;
      if (!passing) throw error;
    }
    if (stop.aborted || Date.now() >= deadline) return undefined;
    await delay(pauseMs * (0.5 + Math.random()), undefined, { signal: stop }).catch(() => undefined);
  }
}
