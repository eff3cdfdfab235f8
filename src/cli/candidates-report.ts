import { sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { array, rows } from "../db/statement.ts";
import { formatCounts, formatNumber } from "../format-counts.ts";
import { formatInstant } from "../format-instant.ts";
import { groupBy } from "../group-by.ts";
import { printable } from "../printable.ts";
import type { Run } from "../queues/runs.ts";
import { percentOf } from "../scoring/project-matching/match.ts";
import { formatDuration } from "./runs.ts";

type NoticeRun = {
  id: string;
  slot: string;
  places: number;
  minimumScore: number;
  report: { projectId: string; notified: number; leadId: string | null; skipped: Record<string, number> }[];
};
type Notified = { projectId: string; name: string; score: number };

const RULE = "=".repeat(60);

/**
 * The result of a run of notify-project-matches, per project and in total: who was notified, not who was
 * chosen, since a range checks each choice again. Null if the run has not chosen yet.
 */
export async function candidatesReport(db: Database, run: Run): Promise<string | null> {
  const [noticeRun] = await rows<NoticeRun>(
    db.drizzle,
    sql`select id, slot, places, minimum_score as "minimumScore", report from candidate_batches where run_id = ${run.id}`,
  );
  if (!noticeRun) return null;
  const projects = await readProjectNames(db, noticeRun);
  const notified = await rows<Notified>(
    db.drizzle,
    sql`select c.project_id as "projectId", u.name, c.match_score as score
        from candidate_notifications c join users u on u.id = c.volunteer_id
        where c.batch_id = ${noticeRun.id} order by c.project_id, c.match_score desc, c.volunteer_id`,
  );
  const byProject = groupBy(notified, ({ projectId }) => projectId);
  const errors = await countErrors(db, run);
  const lines = [
    `Project candidates, slot ${formatInstant(noticeRun.slot)}`,
    `Notice run ${noticeRun.id}`,
    `At most ${noticeRun.places} candidates per project, minimum score ${noticeRun.minimumScore}`,
    `${formatNumber(noticeRun.report.length)} recruiting or active projects notify candidates`,
    ...noticeRun.report.flatMap((project) => [
      "",
      `Project ${printable(projects.get(project.projectId) ?? "(deleted)")} (${project.projectId})`,
      ...projectLines(project, byProject.get(project.projectId) ?? []),
    ]),
    "",
    RULE,
    ...summaryLines(run, noticeRun, byProject),
    `Errors: ${errors}`,
    RULE,
  ];
  return lines.map((line) => `${line}\n`).join("");
}

async function readProjectNames(db: Database, { report }: NoticeRun): Promise<Map<string, string>> {
  const found = await rows<{ id: string; name: string }>(
    db.drizzle,
    sql`select id, name from projects where id = any(${array(report.map(({ projectId }) => projectId))}::bigint[])`,
  );
  return new Map(found.map(({ id, name }) => [id, name]));
}

/** Dead entries of the run, or 1 if it failed without any. */
async function countErrors(db: Database, { id, status }: Run): Promise<number> {
  const [dead] = await rows<{ n: number }>(
    db.drizzle,
    sql`select count(*)::int as n from outbox where parent = ${id} and dead_at is not null`,
  );
  return Math.max(dead?.n ?? 0, status === "failed" || status === "cancelled" ? 1 : 0);
}

function projectLines(
  { notified: chosen, leadId, skipped }: NoticeRun["report"][number],
  notified: readonly Notified[],
): string[] {
  const skips = formatCounts(skipped);
  const missing = chosen - notified.length;
  return [
    `  ${chosen === 0 ? "no candidates to notify" : `${chosen} chosen, ${notified.length} notified`}${skips ? `; skipped: ${skips}` : ""}`,
    ...notified.map(({ name, score }) => `    notified ${printable(name)} (${percentOf(score)}% match)`),
    ...(missing > 0
      ? [`    ${missing} chosen but not notified: no longer a candidate, or not processed`]
      : []),
    ...(leadId === null || notified.length === 0
      ? []
      : [`  notified the team lead, user ${leadId}, of ${notified.length}`]),
  ];
}

function summaryLines(
  run: Run,
  { report }: NoticeRun,
  byProject: ReadonlyMap<string, readonly Notified[]>,
): string[] {
  const skips: Record<string, number> = {};
  for (const { skipped } of report)
    for (const [reason, n] of Object.entries(skipped)) skips[reason] = (skips[reason] ?? 0) + n;
  const candidates = [...byProject.values()].reduce((sum, { length }) => sum + length, 0);
  return [
    `Completed ${formatInstant(run.finishedAt) ?? "-"} after ${formatDuration(run) ?? "-"}`,
    `Projects processed: ${formatNumber(report.length)}`,
    `Candidates notified: ${formatNumber(candidates)}`,
    `Team leads notified: ${formatNumber(byProject.size)}`,
    `Skipped: ${formatCounts(skips) || "none"}`,
  ];
}
