import { setTimeout as delay } from "node:timers/promises";
import { isSystemicFault } from "../db/faults.ts";
import type { Attempt, FailedEntry } from "./attempt.ts";
import { type Disposition, failEntry, releaseEntries } from "./failure.ts";
import { postponeEntries } from "./postpone.ts";
import { countReason } from "./tally.ts";

/** How long a worker waits for Postgres before it leaves the carrier to the sweep. */
const POSTGRES_PATIENCE_MS = 120_000;

/**
 * Gives back what was interrupted, snoozed or postponed, and uses an attempt of what failed.
 * @returns the entries that failed.
 */
export async function applyFailures(attempt: Attempt): Promise<FailedEntry[]> {
  const failures: FailedEntry[] = [];
  for (const { ids, disposition, error } of attempt.unsettled) {
    if (disposition.kind === "later") await giveBack(attempt, ids, disposition);
    else if (disposition.kind === "postponed") await postpone(attempt, ids, disposition.error);
    else for (const id of ids) failures.push(await fail(attempt, id, disposition, error));
  }
  return failures;
}

async function giveBack(
  attempt: Attempt,
  ids: readonly string[],
  { delayMs, paused, outcome, discardsRequest }: Extract<Disposition, { kind: "later" }>,
): Promise<void> {
  const { deps, holder, tally } = attempt;
  const written = await untilWritten(attempt, () =>
    releaseEntries(deps.db, ids, holder, { delayMs, paused, discardsRequest }).then(() => true),
  );
  tally[written ? outcome : "interrupted"] += ids.length;
}

async function postpone(attempt: Attempt, ids: readonly string[], reason: string): Promise<void> {
  const { deps, holder, tally } = attempt;
  const written = await untilWritten(attempt, () => postponeEntries(deps.db.drizzle, ids, reason, holder));
  tally[written === undefined ? "interrupted" : "postponed"] += ids.length;
  countReason(tally, reason);
}

async function fail(
  attempt: Attempt,
  entry: string,
  { kind, error: reason, discardsRequest }: Exclude<Disposition, { kind: "later" | "postponed" }>,
  error: unknown,
): Promise<FailedEntry> {
  const { deps, holder, work, tally } = attempt;
  const status = kind === "cancelled" ? "cancelled" : "failed";
  const failure = { error: reason, final: kind !== "retry", status, discardsRequest } as const;
  const end = await untilWritten(attempt, () => failEntry(deps.db, work.job, entry, failure, holder));
  const outcome = end === "lost" ? "duplicate" : (end ?? "interrupted");
  tally[outcome] += 1;
  if (outcome !== "duplicate") countReason(tally, reason);
  return { entry, outcome, reason, error };
}

/**
 * Repeats a write until it succeeds, the worker stops, or patience ends. In the last two cases the sweep
 * frees the entries later.
 */
export async function untilWritten<T>({ stop }: Attempt, write: () => Promise<T>): Promise<T | undefined> {
  const deadline = Date.now() + POSTGRES_PATIENCE_MS;
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 2_000)) {
    try {
      return await write();
    } catch (error) {
      if (!isSystemicFault(error)) throw error;
    }
    if (stop.aborted || Date.now() >= deadline) return undefined;
    await delay(pauseMs * (0.5 + Math.random()), undefined, { signal: stop }).catch(() => undefined);
  }
}
