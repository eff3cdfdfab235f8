import { sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { rows } from "../db/statement.ts";
import { formatNumber } from "../format-counts.ts";
import { formatInstant } from "../format-instant.ts";
import type { Run } from "../queues/runs.ts";
import { formatDuration } from "./runs.ts";

const RULE = "=".repeat(80);

/** The result of a run of generate-recommendations in words. Null when the run computed no list. */
export async function recommendationsReport(db: Database, run: Run): Promise<string | null> {
  const {
    users,
    kept = 0,
    failed = 0,
    recommendations = 0,
    semantic = 0,
    deleted = 0,
    postings,
  } = run.counts;
  if (users === undefined) return null;
  const processed = users + kept;
  const lines = [
    RULE,
    `Recommendations, started ${formatInstant(run.startedAt) ?? "-"}`,
    `Users with a CV: ${formatNumber(processed + failed)}`,
    ...(postings === undefined ? [] : [`Open postings: ${formatNumber(postings)}`]),
    ...(await userLines(db, run)),
    RULE,
    `Completed ${formatInstant(run.finishedAt) ?? "-"} after ${formatDuration(run) ?? "-"}`,
    `Users processed: ${formatNumber(processed)} of ${formatNumber(processed + failed)}`,
    `Total recommendations: ${formatNumber(recommendations)}`,
    ...(semantic > 0 ? [`Lists computed with embeddings: ${formatNumber(semantic)}`] : []),
    ...(kept > 0 ? [`Lists kept, since nothing new was found: ${formatNumber(kept)}`] : []),
    ...(deleted > 0 ? [`Lists deleted, of users without a CV: ${formatNumber(deleted)}`] : []),
    `Failed: ${formatNumber(failed)}`,
    RULE,
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** The result of a run for one user. */
async function userLines(db: Database, { input }: Run): Promise<string[]> {
  const { userId } = input as { readonly userId?: string };
  if (userId === undefined) return [];
  const [served] = await rows<{ id: string; n: number }>(
    db.drizzle,
    sql`select coalesce(u.host_id, u.id::text) as id,
               (select count(*)::int from job_recommendations r where r.user_id = u.id and r.expires_at > now()) as n
        from users u where u.id = ${userId}`,
  );
  return served ? [`Recommendations of user ${served.id}: ${formatNumber(served.n)}`] : [];
}
