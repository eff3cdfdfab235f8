import { setTimeout as delay } from "node:timers/promises";
import { sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { databaseFault, isContention, isDatabaseAbsent } from "../db/faults.ts";
import { orAborted } from "../deadlines.ts";
import { type Company, mayMeet } from "./coalesce-carriers.ts";
import {
  type Carrier,
  type Execution,
  emptyTally,
  type Settled,
  type Tally,
  type Work,
} from "./execution.ts";
import { type Fate, fateOf, giveBack, postpone } from "./failure.ts";
import { addCounts, Interrupted, TimeLimitExceeded } from "./outcome.ts";
import { markRunning } from "./runs.ts";
import { settle } from "./settle.ts";

export type RunJobDeps = Execution & {
  readonly db: Database;
  /** Where small carriers of one job meet; without it each goes alone. */
  readonly company?: Company;
};

/** How long a worker waits for Postgres before it lets the sweep take the work up later. */
const POSTGRES_PATIENCE_MS = 120_000;

/** Postgres may go away so often under one piece of work; after that the work is suspected of being the reason. */
const MAX_LOSSES = 5;

/** A job that this version does not know is left alone for so long: the version that does may be on its way. */
const UNKNOWN_JOB_DELAY_MS = 30_000;

/** One carrier on its way through. */
type Try = {
  readonly deps: RunJobDeps;
  readonly work: Work;
  readonly stop: AbortSignal;
  readonly tally: Tally;
  /** How often in a row Postgres went away. */
  losses: number;
};

/**
 * The life of one carrier on a worker, as a row of named steps: claim and parse and run and settle in one transaction (settle.ts),
 * under a time limit; a group that throws is halved until the culprit stands alone; the culprit is postponed; one log line.
 *
 * @returns how each entry ended.
 * @throws UnknownJob when this version has no such job; the entries are due again later, with no attempt used.
 */
export async function runCarrier(deps: RunJobDeps, carrier: Carrier, stop: AbortSignal): Promise<Tally> {
  const tally = emptyTally();
  const work = deps.catalogue.find(carrier.job);
  if (!work) return leaveToOthers(deps, carrier);
  if (carrier.run !== undefined) await announce(deps, carrier.run);
  const { company } = deps;
  const settleFirst = company && mayMeet(work.job, carrier) ? company.settle : settle;
  await attempt({ deps, work, stop, tally, losses: 0 }, carrier.entries, settleFirst);
  return tally;
}

/** A carrier names a job that this version does not know: another version may. */
export class UnknownJob extends Error {
  override readonly name = "UnknownJob";
  constructor(job: string) {
    super(`no job answers to the name "${job}" in this version`);
  }
}

async function leaveToOthers(deps: RunJobDeps, carrier: Carrier): Promise<never> {
  await giveBack(deps.db, carrier.entries, UNKNOWN_JOB_DELAY_MS);
  deps.log.warn({ job: carrier.job, entries: carrier.entries.length }, "no such job in this version");
  throw new UnknownJob(carrier.job);
}

/** A run is seen as running from its first try on. Only a remark: a fault here is met and reported by the work itself. */
async function announce(deps: RunJobDeps, runId: string): Promise<void> {
  await markRunning(deps.db.drizzle, runId).catch(() => undefined);
}

async function attempt(trial: Try, ids: readonly string[], settleGroup = settle): Promise<void> {
  const { deps, work, stop, tally } = trial;
  try {
    const settled = await withinTimeLimit(work, stop, (signal) => settleGroup(deps, work, ids, signal));
    record(tally, ids.length, settled);
    trial.losses = 0;
  } catch (error) {
    if (stop.aborted) return applyFate(trial, ids, fateOf(new Interrupted("the worker was told to stop")));
    const lost = isAbsence(error);
    if (lost && ++trial.losses <= MAX_LOSSES) return waitForPostgres(trial, ids);
    if (ids.length > 1) return halve(trial, ids);
    return applyFate(trial, ids, lost ? LOSES_POSTGRES : fateOf(error), error);
  }
}

const isAbsence = (error: unknown): boolean => fateOf(error).kind === "postgres absent";

const LOSES_POSTGRES: Fate = { kind: "retry", error: "Postgres went away each time that it ran" };

async function halve(trial: Try, ids: readonly string[]): Promise<void> {
  const middle = ids.length >> 1;
  await attempt(trial, ids.slice(0, middle));
  await attempt(trial, ids.slice(middle));
}

function record(tally: Tally, asked: number, settled: Settled): void {
  tally.duplicate += asked - settled.length;
  for (const { outcome } of settled) {
    if (outcome.kind === "done") {
      tally.done += 1;
      tally.counts = addCounts(tally.counts, outcome.counts);
    } else {
      tally.skipped += 1;
      tally.reasons[outcome.reason] = (tally.reasons[outcome.reason] ?? 0) + 1;
    }
  }
}

/** Aborts the work at its limit, or when the worker is told to stop: the transaction is abandoned, not awaited. */
async function withinTimeLimit<T>(
  work: Work,
  stop: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { job } = work;
  const limit = new AbortController();
  const timer = setTimeout(
    () => limit.abort(new TimeLimitExceeded(`ran longer than ${job.timeLimitMs} ms`)),
    job.timeLimitMs,
  );
  const interrupt = () => limit.abort(new Interrupted("the worker was told to stop"));
  if (stop.aborted) interrupt();
  stop.addEventListener("abort", interrupt, { once: true });
  try {
    limit.signal.throwIfAborted();
    return await orAborted(run(limit.signal), limit.signal);
  } finally {
    clearTimeout(timer);
    stop.removeEventListener("abort", interrupt);
  }
}

/** Writes down what becomes of entries that threw. While Postgres is away this waits: nothing else knows of it. */
async function applyFate(trial: Try, ids: readonly string[], fate: Fate, error?: unknown): Promise<void> {
  const { deps, work, tally } = trial;
  const [id] = ids;
  if (fate.kind === "postgres absent" || id === undefined) return;
  if (fate.kind === "later") {
    const written = await untilWritten(trial, () => giveBack(deps.db, ids, fate.delayMs).then(() => true));
    tally[written ? fate.outcome : "interrupted"] += ids.length;
    return;
  }
  const status = fate.kind === "cancelled" ? "cancelled" : "failed";
  const failure = { error: fate.error, final: fate.kind !== "retry", status } as const;
  const end = await untilWritten(trial, () => postpone(deps.db, work.job, id, failure));
  tally[end ?? "interrupted"] += 1;
  tally.reasons[fate.error] = (tally.reasons[fate.error] ?? 0) + 1;
  const line = { job: work.job.name, entry: id, outcome: end, reason: fate.error, err: error };
  deps.log.warn(line, "work failed");
}

const QUERY_CANCELED = "57014";

/** Tries to write until it works, stop is said, or patience ends: then the sweep finds a carrier that ended without a word. */
async function untilWritten<T>({ stop }: Try, write: () => Promise<T>): Promise<T | undefined> {
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

/** Postgres went away: no attempt is used, and this carrier goes on as soon as it answers again. */
async function waitForPostgres(trial: Try, ids: readonly string[]): Promise<void> {
  const answer = () => trial.deps.db.drizzle.execute(sql`select 1`).then(() => true);
  await delay(50 + Math.random() * 100, undefined, { signal: trial.stop }).catch(() => undefined);
  if (await untilWritten(trial, answer)) return attempt(trial, ids);
  trial.tally.interrupted += ids.length;
}
