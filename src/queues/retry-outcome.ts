import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";
import type { RunStatus } from "./runs.ts";

/** Dead letters that an operator retried together, and how they ended. */
export type Retry = {
  readonly at: Date;
  readonly actor: string;
  readonly reason: string | null;
  /** How many were put back. */
  readonly entries: number;
  readonly outcomes: readonly RetryOutcome[];
};

/** How some entries of one job ended, for one reason. */
export type RetryOutcome = {
  readonly job: string;
  /**
   * `open`: due, or with a worker. `dead`: failed again. Else the status of its run; `settled` where that is
   * not known: of a range, while its run continues, or of a run that was deleted.
   */
  readonly outcome: "open" | "dead" | "settled" | Exclude<RunStatus, "queued" | "running">;
  /** Why it was skipped or failed. */
  readonly reason: string | null;
  readonly entries: number;
};

type Row = { at: string; actor: string; reason: string | null; entries: number };

/**
 * How the entries of a retry ended, by job and reason, the most frequent first.
 *
 * @param auditId the entry of the audit log that names them.
 * @returns undefined if the audit log has no such retry.
 */
export async function readRetry(on: Queryable, auditId: string): Promise<Retry | undefined> {
  const [retry] = await rows<Row>(
    on,
    sql`select at, actor, details ->> 'reason' as reason, jsonb_array_length(details -> 'ids') as entries
        from audit_log where id = ${auditId} and action = 'dead-letters.retry'`,
  );
  if (!retry) return undefined;
  return { ...retry, at: new Date(retry.at), outcomes: await outcomesOf(on, auditId) };
}

/** The audit log has the id of each entry, its name and its run, in the same order. */
const outcomesOf = (on: Queryable, auditId: string): Promise<RetryOutcome[]> =>
  rows<RetryOutcome>(
    on,
    sql`with put_back as (
          select entry.id::bigint as id, run.id::bigint as run, job.name as job
          from audit_log a
          cross join jsonb_array_elements_text(a.details -> 'ids') with ordinality as entry(id, n)
          left join jsonb_array_elements_text(a.details -> 'runs') with ordinality as run(id, n) on run.n = entry.n
          left join jsonb_array_elements_text(a.details -> 'jobs') with ordinality as job(name, n) on job.n = entry.n
          where a.id = ${auditId}),
        ended as (
          select coalesce(o.job, r.job, p.job, '') as job,
                 case when o.dead_at is not null then 'dead' when o.id is not null then 'open'
                      when r.finished_at is not null then r.status else 'settled' end as outcome,
                 case when o.id is not null then o.error else r.error end as reason
          from put_back p left join outbox o on o.id = p.id left join job_runs r on r.id = p.run)
        select job, outcome, reason, count(*)::int as entries from ended
        group by job, outcome, reason order by entries desc, job, outcome, reason`,
  );
