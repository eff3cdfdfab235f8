import { setTimeout as delay } from "node:timers/promises";
import { applyFailures } from "./apply-failures.ts";
import type { Attempt, RunCarrierDeps } from "./attempt.ts";
import type { Carrier } from "./carriers.ts";
import { type Coalescer, mayCoalesce } from "./coalesce-carriers.ts";
import { releaseEntries } from "./failure.ts";
import { markRunning } from "./runs.ts";
import { settleOrSplit } from "./settle-or-split.ts";
import { emptyTally, type Tally } from "./tally.ts";

/**
 * Entries of a job that this version does not know are due again after this time: a newer version may be
 * starting.
 */
const UNKNOWN_JOB_DELAY_MS = 30_000;

/** How long a carrier of a job whose circuit is open keeps its seat before its entries are given back. */
const SEAT_WAIT_MS = 1_000;

/**
 * Runs one carrier on a worker. Its entries are settled in one transaction under a time limit; a group that
 * throws is halved until the failing entry is alone, and only that one uses an attempt. Faults that are not
 * about the entries open the circuit of the job instead.
 *
 * @returns how each entry ended.
 * @throws UnknownJob when this version has no such job; the entries are due again later, without using an
 * attempt.
 */
export async function runCarrier(deps: RunCarrierDeps, carrier: Carrier, stop: AbortSignal): Promise<Tally> {
  const startedMs = performance.now();
  const attempt = await findWork(deps, carrier, stop);
  if (await isAdmitted(attempt)) {
    await markRunStarted(attempt);
    await settleOrSplit(attempt, carrier.entries, coalescerFor(attempt));
  }
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

/**
 * False while the circuit of the job is open: its entries are given back. A carrier first waits in its seat,
 * so that a backlog is not given back entry by entry many times a minute.
 */
async function isAdmitted({ deps: { circuits }, carrier, stop, unsettled }: Attempt): Promise<boolean> {
  const waitMs = circuits.waitMs(carrier.job);
  if (waitMs === 0) return true;
  await delay(Math.min(waitMs, SEAT_WAIT_MS), undefined, { signal: stop }).catch(() => undefined);
  const delayMs = circuits.waitMs(carrier.job);
  if (delayMs === 0) return true;
  unsettled.push({ ids: carrier.entries, disposition: { kind: "later", delayMs, outcome: "interrupted" } });
  return false;
}

/** For display only: if Postgres fails here, settling fails too and reports it. */
async function markRunStarted({ deps, carrier }: Attempt): Promise<void> {
  if (carrier.run !== null) await markRunning(deps.db.drizzle, carrier.run).catch(() => undefined);
}

/** A small carrier is first settled together with others; if that fails, alone. */
const coalescerFor = ({ deps: { coalescer }, work, carrier }: Attempt): Coalescer | undefined =>
  coalescer && mayCoalesce(work.job, carrier) ? coalescer : undefined;
