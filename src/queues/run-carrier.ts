import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { applyFailures } from "./apply-failures.ts";
import type { Attempt, RunCarrierDeps } from "./attempt.ts";
import type { Carrier } from "./carriers.ts";
import { type Coalescer, mayCoalesce } from "./coalesce-carriers.ts";
import { KNOWN_WITHIN_MS } from "./job-pauses.ts";
import { postponeEntries, unknownJob } from "./postpone.ts";
import { markRunning } from "./runs.ts";
import { settleOrSplit } from "./settle-or-split.ts";
import { emptyTally, type Tally } from "./tally.ts";

/** How long a carrier of a job with an open circuit holds its worker before its entries are given back. */
const CIRCUIT_WAIT_MS = 1_000;

/**
 * Runs one carrier on a worker. Its entries are settled in one transaction under a time limit; a group that
 * throws is halved until the failing entry is alone, and only that one uses an attempt. Faults that are not
 * about the entries open the circuit of the job instead.
 *
 * @returns how each entry ended.
 */
export async function runCarrier(deps: RunCarrierDeps, carrier: Carrier, stop: AbortSignal): Promise<Tally> {
  const startedMs = performance.now();
  const attempt = findWork(deps, carrier, stop);
  if (attempt === null) return postponeUnknown(deps, carrier);
  if (await isAdmitted(attempt)) {
    await markRunStarted(attempt);
    await settleOrSplit(attempt, carrier.entries, coalescerFor(attempt));
  }
  const failures = await applyFailures(attempt);
  const { work, tally } = attempt;
  deps.report({ carrier, work, tally, failures, tookMs: Math.round(performance.now() - startedMs) });
  return tally;
}

/** @returns null when no job of this version has the name on the carrier. */
function findWork(deps: RunCarrierDeps, carrier: Carrier, stop: AbortSignal): Attempt | null {
  const work = deps.catalogue.find(carrier.job);
  if (!work) return null;
  const holder = { carrier: carrier.id, token: randomUUID() };
  return { deps, carrier, holder, work, stop, tally: emptyTally(), unsettled: [], losses: 0 };
}

/** Another version of a rolling deploy has dispatched the carrier. */
async function postponeUnknown(deps: RunCarrierDeps, { id, job, entries }: Carrier): Promise<Tally> {
  const holder = { carrier: id, token: randomUUID() };
  const added = await postponeEntries(deps.db.drizzle, entries, unknownJob(job), holder);
  if (added > 0) deps.log.warn({ job, entries: added }, "unknown job: entries postponed");
  return { ...emptyTally(), postponed: entries.length };
}

/**
 * False while an operator has paused the job, while its circuit is open, or while it has to wait for the
 * mirrors: its entries are given back.
 */
async function isAdmitted(attempt: Attempt): Promise<boolean> {
  const { deps, carrier, work, stop, unsettled } = attempt;
  if (await deps.pauses.isPaused(work.job.name)) {
    const disposition = {
      kind: "later",
      delayMs: KNOWN_WITHIN_MS,
      paused: work.job.name,
      outcome: "snoozed",
    } as const;
    unsettled.push({ ids: carrier.entries, disposition });
    return false;
  }
  const delayMs = (await circuitDelay(attempt)) || (work.job.afterMirrors ? await deps.catchUp(stop) : 0);
  if (delayMs === 0) return true;
  unsettled.push({ ids: carrier.entries, disposition: { kind: "later", delayMs, outcome: "interrupted" } });
  return false;
}

/** A carrier waits in its worker, so that a backlog is not given back entry by entry many times a minute. */
async function circuitDelay({ deps: { circuits }, carrier, stop }: Attempt): Promise<number> {
  const waitMs = circuits.waitMs(carrier.job);
  if (waitMs === 0) return 0;
  await delay(Math.min(waitMs, CIRCUIT_WAIT_MS), undefined, { signal: stop }).catch(() => undefined);
  return circuits.waitMs(carrier.job);
}

/** For display only: if Postgres fails here, settling fails too and reports it. */
async function markRunStarted({ deps, carrier }: Attempt): Promise<void> {
  if (carrier.run !== null) await markRunning(deps.db.drizzle, carrier.run).catch(() => undefined);
}

/** A small carrier is first settled together with others; if that fails, alone. */
const coalescerFor = ({ deps: { coalescer }, work, carrier }: Attempt): Coalescer | undefined =>
  coalescer && mayCoalesce(work.job, carrier) ? coalescer : undefined;
