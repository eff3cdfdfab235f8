import { sql } from "drizzle-orm";
import type { LatestDecision } from "../db/audit-log.ts";
import { type Queryable, rows } from "../db/statement.ts";

/**
 * Who started a run at the dashboard, and why. Undefined for any other run, and once the audit log no longer
 * has it.
 */
export async function startedBy(on: Queryable, runId: string): Promise<LatestDecision | undefined> {
  const [found] = await rows<Omit<LatestDecision, "at"> & { at: string }>(
    on,
    sql`select at, actor, details ->> 'reason' as reason from audit_log
        where (action = 'jobs.start' and subject = ${`job_runs:${runId}`})
           or (action = 'schedules.run' and details ->> 'run' = ${runId})
        order by id limit 1`,
  );
  return found && { ...found, at: new Date(found.at) };
}
