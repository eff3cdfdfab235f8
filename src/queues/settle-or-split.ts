import { setTimeout as delay } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { orAborted } from "../deadlines.ts";
import { untilWritten } from "./apply-failures.ts";
import type { Attempt } from "./attempt.ts";
import type { Coalescer } from "./coalesce-carriers.ts";
import { type Disposition, dispositionOf, faultCode, faultKindOf } from "./failure.ts";
import { settleInTime } from "./settle.ts";
import { countOutcome } from "./tally.ts";

/** Postgres may go away this often under one carrier; after that its work is suspected of being the cause. */
const MAX_LOSSES = 5;

const INTERRUPTED: Disposition = { kind: "later", delayMs: 0, outcome: "interrupted" };
const LOSES_POSTGRES: Disposition = {
  kind: "retry",
  error: "the connection to Postgres was lost each time it ran",
};

/**
 * Settles entries in one transaction. What cannot be settled is added to `unsettled` of the attempt. Only the
 * fault of an entry makes the group be halved.
 *
 * @param coalescer settles them together with those of other carriers; if that fails, they are settled alone.
 */
export async function settleOrSplit(
  attempt: Attempt,
  ids: readonly string[],
  coalescer?: Coalescer,
): Promise<void> {
  if (ids.length === 0) return;
  const failed = await trySettle(attempt, ids, coalescer);
  if (failed === null) return;
  if (attempt.stop.aborted) return leave(attempt, ids, INTERRUPTED, failed.error);
  const kind = faultKindOf(failed.error);
  // A fault of the group says nothing about the entries of one of its carriers.
  if (coalescer && (kind === "limit" || kind === "contention")) return settleOrSplit(attempt, ids);
  return answerFault(attempt, ids, failed.error);
}

/** @returns what was thrown, or null if the entries are settled. */
async function trySettle(
  attempt: Attempt,
  ids: readonly string[],
  coalescer?: Coalescer,
): Promise<{ readonly error: unknown } | null> {
  const { deps, carrier, holder, work, stop, tally } = attempt;
  try {
    const settled = coalescer
      ? await orAborted(coalescer.settle(deps, work, ids, stop), stop)
      : await settleInTime(deps, work, ids, stop, holder);
    tally.duplicate += ids.length - settled.length;
    for (const { outcome } of settled) countOutcome(tally, outcome);
    if (settled.length > 0) deps.circuits.succeeded(carrier.job);
    attempt.losses = 0;
    return null;
  } catch (error) {
    return { error };
  }
}

async function answerFault(attempt: Attempt, ids: readonly string[], error: unknown): Promise<void> {
  const { circuits } = attempt.deps;
  switch (faultKindOf(error)) {
    case "absent":
      return settleAfterOutage(attempt, ids, error);
    case "unfit":
      return rest(attempt, ids, error);
    case "contention": {
      const delayMs = circuits.contended(attempt.carrier.job);
      if (delayMs === null) return settleSuspects(attempt, ids, error);
      return leave(attempt, ids, { kind: "later", delayMs, outcome: "interrupted" }, error);
    }
    case "limit":
      return settleSuspects(attempt, ids, error);
    case "own":
      return splitOrLeave(attempt, ids, dispositionOf(error), error);
  }
}

function leave(attempt: Attempt, ids: readonly string[], disposition: Disposition, error: unknown): void {
  attempt.unsettled.push({ ids, disposition, error });
}

/** Opens the circuit of the job. No entry is at fault, and none uses an attempt. */
function rest(attempt: Attempt, ids: readonly string[], error: unknown): void {
  const delayMs = attempt.deps.circuits.open(attempt.carrier.job, faultCode(error));
  leave(attempt, ids, { kind: "later", delayMs, outcome: "interrupted" }, error);
}

async function splitOrLeave(
  attempt: Attempt,
  ids: readonly string[],
  disposition: Disposition,
  error: unknown,
): Promise<void> {
  // Work that asks to run later has no fault, so there is no faulty entry to find.
  if (ids.length === 1 || disposition.kind === "later") return leave(attempt, ids, disposition, error);
  return splitInHalf(attempt, ids);
}

/**
 * Entries that ran out of time, or into the locks of others: by their own fault, or because of a server that
 * is too slow for all of them? Two entries of the group, each alone, show which: if both fail in the same
 * way, the entries are not at fault.
 */
async function settleSuspects(attempt: Attempt, ids: readonly string[], error: unknown): Promise<void> {
  const { circuits } = attempt.deps;
  const { job } = attempt.carrier;
  const [first, second, ...others] = shuffled(ids);
  if (first === undefined) return;
  if (second === undefined) {
    if (circuits.othersFailLike(job, first)) return rest(attempt, ids, error);
    return leave(attempt, ids, dispositionOf(error), error);
  }
  if (!(await failsAlone(attempt, first))) return splitInHalf(attempt, [second, ...others]);
  const secondFails = await failsAlone(attempt, second);
  if (secondFails && circuits.othersFailLike(job, second)) return rest(attempt, ids, error);
  leave(attempt, secondFails ? [first, second] : [first], dispositionOf(error), error);
  return splitInHalf(attempt, others);
}

/** Settles one entry alone. @returns true if it failed like its group; it is then left to the caller. */
async function failsAlone(attempt: Attempt, id: string): Promise<boolean> {
  const failed = await trySettle(attempt, [id]);
  if (failed === null) return false;
  const kind = faultKindOf(failed.error);
  if (!attempt.stop.aborted && (kind === "limit" || kind === "contention")) {
    attempt.deps.circuits.othersFailLike(attempt.carrier.job, id);
    return true;
  }
  if (attempt.stop.aborted) leave(attempt, [id], INTERRUPTED, failed.error);
  else await answerFault(attempt, [id], failed.error);
  return false;
}

async function splitInHalf(attempt: Attempt, ids: readonly string[]): Promise<void> {
  const middle = ids.length >> 1;
  await settleOrSplit(attempt, ids.slice(0, middle));
  await settleOrSplit(attempt, ids.slice(middle));
}

function shuffled(ids: readonly string[]): string[] {
  const order = ids.map((id) => ({ id, at: Math.random() }));
  return order.sort((a, b) => a.at - b.at).map(({ id }) => id);
}

/** Postgres went away: the carrier continues as soon as it answers again. No attempt is used. */
async function settleAfterOutage(attempt: Attempt, ids: readonly string[], error: unknown): Promise<void> {
  attempt.losses += 1;
  if (attempt.losses > MAX_LOSSES) return splitOrLeave(attempt, ids, LOSES_POSTGRES, error);
  const ping = () => attempt.deps.db.drizzle.execute(sql`select 1`).then(() => true);
  await delay(50 + Math.random() * 100, undefined, { signal: attempt.stop }).catch(() => undefined);
  if (await untilWritten(attempt, ping)) return settleOrSplit(attempt, ids);
  attempt.tally.interrupted += ids.length;
}
