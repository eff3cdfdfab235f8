import { sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { rows } from "../db/statement.ts";
import { inTransaction, type Tx } from "../db/transaction.ts";
import { UNTRACED } from "../tracing/tracing.ts";
import { enqueueRun } from "./enqueue.ts";
import { type Execution, parsePayload } from "./execution.ts";
import { describeError } from "./failure.ts";
import type { Job, Remark } from "./job.ts";
import type { Counts } from "./outcome.ts";
import { loadRun, openRun } from "./runs.ts";
import { settle } from "./settle.ts";

/** What a job would have done. */
export type Preview = {
  readonly job: string;
  readonly now: Date;
  /** The counts of the run. */
  readonly counts: Counts;
  readonly skipped: readonly string[];
  readonly ranges: number;
  /** Outside calls that would have been made. */
  readonly requests: readonly unknown[];
  /** What was decided for whom, and why. */
  readonly remarks: readonly Remark[];
  /** Outbox entries it would have written. */
  readonly entries: readonly { job: string; key: string; payload: unknown }[];
  readonly events: readonly { type: string; payload: unknown }[];
  /** Why it would have failed, or null. */
  readonly fault: string | null;
};

export type DryRunDeps = Omit<
  Execution,
  "transact" | "insteadOfCall" | "remark" | "measure" | "onRunFinished" | "onProgress" | "tracing"
> & {
  readonly db: Database;
};

const LIMIT_MS = 10 * 60_000;
const MAX_STEPS = 100_000;

class RolledBack extends Error {
  readonly preview: Preview;
  constructor(preview: Preview) {
    super("rolled back");
    this.preview = preview;
  }
}

/**
 * Runs the code of a job in one transaction that is rolled back: each step under a savepoint, without outside
 * calls. Deferred constraints are checked before the rollback, so that what would fail at commit fails here.
 *
 * @param slot the time to run as of; default: now.
 * @throws the reason of the abort after `limitMs`.
 */
export async function dryRun(
  deps: DryRunDeps,
  job: Job,
  input: unknown,
  slot?: Date,
  limitMs = LIMIT_MS,
): Promise<Preview> {
  const payload = parsePayload(job, input);
  const now = slot ?? deps.clock.now();
  const signal = AbortSignal.timeout(limitMs);
  try {
    await inTransaction(
      deps.db,
      async (tx) => {
        await tx.execute(sql`set transaction isolation level repeatable read`);
        await tx.execute(sql`set local lock_timeout = '2s'`);
        throw new RolledBack(await preview(deps, tx, job, payload, now, signal));
      },
      signal,
    );
  } catch (error) {
    if (error instanceof RolledBack) return error.preview;
    throw error;
  }
  throw new Error("a dry run ended without its rollback");
}

async function preview(
  deps: DryRunDeps,
  tx: Tx,
  job: Job,
  payload: unknown,
  now: Date,
  signal: AbortSignal,
): Promise<Preview> {
  const [mark] = await rows<{ lastEvent: string }>(
    tx,
    sql`select coalesce(max(id), 0) as "lastEvent", pg_current_xact_id() from domain_events`,
  );
  const runId = await openRun(tx, job, "manual", payload);
  await enqueueRun(tx, job, payload, { id: runId, slot: now });
  const seen = {
    skipped: [] as string[],
    requests: [] as unknown[],
    remarks: [] as Remark[],
    ranges: 0,
  };
  const execution: Execution = {
    ...deps,
    transact: (work) => tx.transaction(work),
    insteadOfCall: (_job, request) => seen.requests.push(withoutSecrets(request)),
    remark: (remark) => void seen.remarks.push(remark),
    measure: () => undefined,
    tracing: UNTRACED,
    onRunFinished: async () => undefined,
    onProgress: () => undefined,
  };
  const fault = await walk(execution, tx, runId, seen, signal);
  const counts = (await loadRun(tx, runId))?.counts ?? {};
  return {
    job: job.name,
    now,
    counts,
    ...seen,
    ...(await written(tx, runId, mark?.lastEvent ?? "0")),
    fault,
  };
}

/** Redacts tokens of a request, sealed ones too. */
const withoutSecrets = (request: unknown): unknown =>
  JSON.parse(
    JSON.stringify(request ?? null, (key, value: unknown) =>
      typeof value === "string" && /(token|secret)$/i.test(key) ? "[not shown]" : value,
    ),
  );

/** Settles every entry of the run, including those it adds. @returns why it failed, or null. */
async function walk(
  execution: Execution,
  tx: Tx,
  runId: string,
  seen: { skipped: string[]; ranges: number; requests: unknown[] },
  signal: AbortSignal,
): Promise<string | null> {
  for (let step = 0; step < MAX_STEPS; step++) {
    const [entry] = await rows<{ id: string; job: string }>(
      tx,
      sql`select id, job from outbox where parent = ${runId} order by id limit 1`,
    );
    if (!entry) return checkConstraints(tx);
    const work = execution.catalogue.find(entry.job);
    if (!work) return `unknown job "${entry.job}"`;
    if (work.part === "range") seen.ranges += 1;
    const requested = seen.requests.length;
    try {
      for (const { outcome } of await settle(execution, work, [entry.id], signal)) {
        if (outcome.kind === "skipped") seen.skipped.push(outcome.reason);
      }
    } catch (error) {
      return describeError(error);
    }
    // The entry of an outside call stays; a range that fetches is settled without what it would have read.
    if (work.job.form === "outside" && seen.requests.length > requested) return checkConstraints(tx);
  }
  return `more than ${MAX_STEPS} steps`;
}

/** A rollback alone would skip constraints that are checked at commit. */
async function checkConstraints(tx: Tx): Promise<string | null> {
  try {
    await tx.transaction((savepoint) => savepoint.execute(sql`set constraints all immediate`));
    return null;
  } catch (error) {
    return describeError(error);
  }
}

/** Rows that this transaction wrote. */
const MINE = sql`age(xmin) <= age(pg_current_xact_id()::xid)`;

async function written(
  tx: Tx,
  runId: string,
  lastEvent: string,
): Promise<Pick<Preview, "entries" | "events">> {
  const entries = await rows<{ job: string; key: string; payload: unknown }>(
    tx,
    sql`select job, key, payload from outbox where ${MINE} and parent is distinct from ${runId} order by id limit 1000`,
  );
  const events = await rows<{ type: string; payload: unknown }>(
    tx,
    sql`select event_type as type, payload from domain_events where id > ${lastEvent} and ${MINE} order by id limit 1000`,
  );
  return { entries, events };
}
