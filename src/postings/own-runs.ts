import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { RunStatus } from "../queues/runs.ts";

const HOUR_MS = 3_600_000;

/** The run that a user requested, and when they may request another. */
export type OwnRun = {
  readonly runId: string;
  /** Null: the run was deleted. A run that failed for the user is `failed`. */
  readonly status: RunStatus | null;
  readonly requestedAt: Date;
  readonly finishedAt: Date | null;
  readonly availableAt: Date;
};

/** Whether the user has a CV to compute recommendations from. */
export async function hasActiveCv(on: Queryable, userId: string): Promise<boolean> {
  const found = await rows(on, sql`select 1 from cvs where user_id = ${userId} and is_active`);
  return found.length > 0;
}

/** The last run that a user requested; null if there is none. */
export async function readOwnRun(on: Queryable, userId: string): Promise<OwnRun | null> {
  const [found] = await rows<{
    runId: string;
    status: RunStatus | null;
    requestedAt: string;
    finishedAt: string | null;
  }>(
    on,
    sql`select q.run_id as "runId", q.requested_at as "requestedAt", r.finished_at as "finishedAt",
               case when r.status = 'done' and r.counts->>'failed' <> '0' then 'failed' else r.status end as status
        from recommendation_requests q left join job_runs r on r.id = q.run_id where q.user_id = ${userId}`,
  );
  if (found === undefined) return null;
  const requestedAt = new Date(found.requestedAt);
  const hasFailed = found.status === "failed" || found.status === "cancelled";
  return {
    runId: found.runId,
    status: found.status,
    requestedAt,
    finishedAt: found.finishedAt === null ? null : new Date(found.finishedAt),
    availableAt: hasFailed ? requestedAt : new Date(requestedAt.getTime() + HOUR_MS),
  };
}

/**
 * Starts a run for a user, unless one was started within the last hour and did not fail. Of two calls at once
 * one waits for the other.
 *
 * @returns the new run, or the earlier one.
 */
export async function startOwnRun(
  tx: Tx,
  userId: string,
  now: Date,
  start: (tx: Tx) => Promise<string>,
): Promise<{ readonly isNew: boolean; readonly run: OwnRun }> {
  await tx.execute(sql`select 1 from users where id = ${userId} for no key update`);
  const earlier = await readOwnRun(tx, userId);
  if (earlier !== null && earlier.availableAt > now) return { isNew: false, run: earlier };
  const runId = await start(tx);
  await tx.execute(
    sql`insert into recommendation_requests (user_id, run_id, requested_at) values (${userId}, ${runId}, ${now}::timestamptz)
        on conflict (user_id) do update set run_id = excluded.run_id, requested_at = excluded.requested_at`,
  );
  const availableAt = new Date(now.getTime() + HOUR_MS);
  const run: OwnRun = { runId, status: "queued", requestedAt: now, finishedAt: null, availableAt };
  return { isNew: true, run };
}
