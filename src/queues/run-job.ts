import { setTimeout as delay } from "node:timers/promises";
import { sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { isDatabaseAbsent } from "../db/faults.ts";
import { type Carrier, type Execution, emptyTally, type Tally, type Work } from "./execution.ts";
import { fateOf, giveBack, postpone } from "./failure.ts";
import { addCounts, Interrupted, TimeLimitExceeded } from "./outcome.ts";
import { markRunning } from "./runs.ts";
import { type Settled, settle } from "./settle.ts";

export type RunJobDeps = Execution & { readonly db: Database };

/** How long a worker waits for Postgres before it lets the sweep take the work up later. */
const POSTGRES_PATIENCE_MS = 120_000;

/**
 * The life of one carrier on a worker, as a row of named steps: claim and parse and run and settle in one transaction (settle.ts),
 * under a time limit; a group that throws is halved until the culprit stands alone; the culprit is postponed; one log line.
 *
 * @returns how each entry ended. Throws only when the lone entry of a carrier failed, so that Bull Board shows it.
 */
export async function runCarrier(deps: RunJobDeps, carrier: Carrier, stop: AbortSignal): Promise<Tally> {
  const tally = emptyTally();
  const work = deps.catalogue.find(carrier.job);
  if (!work) throw new UnknownJob(carrier.job);
  if (carrier.entries.length === 1) await announce(deps, carrier);
  await attempt(deps, work, carrier.entries, stop, tally);
  return tally;
}

/** A carrier names a job that this version does not know: another version may, so its entries wait for the sweep. */
export class UnknownJob extends Error {
  override readonly name = "UnknownJob";
  constructor(job: string) {
    super(`no job answers to the name "${job}" in this version`);
  }
}

/** A run is seen as running from its first try on. */
async function announce(deps: RunJobDeps, carrier: Carrier): Promise<void> {
  const [id] = carrier.entries;
  await deps.db.drizzle
    .execute<{ parent: string }>(sql`select parent from outbox where id = ${id} and parent is not null`)
    .then(async ({ rows: [entry] }) => entry && (await markRunning(deps.db.drizzle, entry.parent)))
    .catch(() => undefined); // Only a remark: the work itself meets and reports the same fault.
}

async function attempt(
  deps: RunJobDeps,
  work: Work,
  ids: readonly string[],
  stop: AbortSignal,
  tally: Tally,
): Promise<void> {
  try {
    record(tally, ids.length, await withinTimeLimit(work, stop, (signal) => settle(deps, work, ids, signal)));
  } catch (error) {
    if (ids.length === 1 || stop.aborted) return decideFate(deps, work, ids, error, stop, tally);
    if (isDatabaseAbsent(error)) return waitForPostgres(deps, work, ids, stop, tally);
    const middle = ids.length >> 1;
    await attempt(deps, work, ids.slice(0, middle), stop, tally);
    await attempt(deps, work, ids.slice(middle), stop, tally);
  }
}

function record(tally: Tally, asked: number, settled: Settled): void {
  tally.duplicate += asked - settled.length;
  for (const outcome of settled) {
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
    return await Promise.race([run(limit.signal), rejectionOf(limit.signal)]);
  } finally {
    clearTimeout(timer);
    stop.removeEventListener("abort", interrupt);
  }
}

/** Never resolves; rejects with the reason when the signal aborts. */
function rejectionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

async function decideFate(
  deps: RunJobDeps,
  work: Work,
  ids: readonly string[],
  error: unknown,
  stop: AbortSignal,
  tally: Tally,
): Promise<void> {
  const fate = stop.aborted ? fateOf(new Interrupted("the worker was told to stop")) : fateOf(error);
  if (fate.kind === "postgres absent") return waitForPostgres(deps, work, ids, stop, tally);
  if (fate.kind === "later") {
    await giveBack(deps.db, ids, fate.delayMs);
    tally[fate.outcome] += ids.length;
    return;
  }
  const [id] = ids;
  if (id === undefined) return;
  const status = fate.kind === "cancelled" ? "cancelled" : "failed";
  const end = await postpone(deps.db, work.job, id, {
    error: fate.error,
    final: fate.kind !== "retry",
    status,
  });
  tally[end] += 1;
  tally.reasons[fate.error] = (tally.reasons[fate.error] ?? 0) + 1;
  deps.log.warn(
    { job: work.job.name, entry: id, outcome: end, reason: fate.error, err: error },
    "work failed",
  );
}

/** Postgres went away: no attempt is used, and this carrier goes on as soon as it answers again. */
async function waitForPostgres(
  deps: RunJobDeps,
  work: Work,
  ids: readonly string[],
  stop: AbortSignal,
  tally: Tally,
): Promise<void> {
  const deadline = Date.now() + POSTGRES_PATIENCE_MS;
  for (let pauseMs = 100; Date.now() < deadline && !stop.aborted; pauseMs = Math.min(pauseMs * 2, 2_000)) {
    await delay(pauseMs * (0.5 + Math.random()), undefined, { signal: stop }).catch(() => undefined);
    if (await answers(deps.db)) return attempt(deps, work, ids, stop, tally);
  }
  // The sweep finds a finished carrier whose entries are not settled, and makes them due.
  tally.interrupted += ids.length;
}

async function answers(db: Database): Promise<boolean> {
  try {
    await db.drizzle.execute(sql`select 1`);
    return true;
  } catch {
    return false;
  }
}
