import { sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { array, rows } from "../db/statement.ts";
import { groupBy } from "../group-by.ts";
import type { Run } from "../queues/runs.ts";
import { percentOf } from "../scoring/project-matching/match.ts";
import { formatDuration } from "./runs.ts";
import { formatCounts, formatInstant, formatNumber } from "./table.ts";

type Batch = {
  id: string;
  slot: string;
  places: number;
  minimumScore: number;
  report: { projectId: string; told: number; leadId: string | null; passedOver: Record<string, number> }[];
};
type Told = { projectId: string; name: string; score: number };

const RULE = "=".repeat(60);

/** What a run of notify-project-matches did, project by project, with a summary. @returns null when it has no batch. */
export async function candidatesReport(db: Database, run: Run): Promise<string | null> {
  const [batch] = await rows<Batch>(
    db.drizzle,
    sql`select id, slot, places, minimum_score as "minimumScore", report from candidate_batches where run_id = ${run.id}`,
  );
  if (!batch) return null;
  const projects = await namesOf(db, batch);
  const told = await rows<Told>(
    db.drizzle,
    sql`select c.project_id as "projectId", u.name, c.match_score as score
        from candidate_notifications c join users u on u.id = c.volunteer_id
        where c.batch_id = ${batch.id} order by c.project_id, c.match_score desc, c.volunteer_id`,
  );
  const toldByProject = groupBy(told, ({ projectId }) => projectId);
  const lines = [
    `Candidates of projects, slot ${formatInstant(batch.slot)}`,
    `Batch ${batch.id}`,
    `At most ${batch.places} candidates a project, score ${batch.minimumScore} or more`,
    `${formatNumber(batch.report.length)} recruiting or active projects want theirs to be told`,
    ...batch.report.flatMap((project) => [
      "",
      `Project ${projects.get(project.projectId) ?? "(gone)"} (${project.projectId})`,
      ...linesOf(project, toldByProject.get(project.projectId) ?? []),
    ]),
    "",
    RULE,
    ...summaryOf(run, batch),
    RULE,
  ];
  return lines.map((line) => `${line}\n`).join("");
}

async function namesOf(db: Database, { report }: Batch): Promise<Map<string, string>> {
  const found = await rows<{ id: string; name: string }>(
    db.drizzle,
    sql`select id, name from projects where id = any(${array(report.map(({ projectId }) => projectId))}::bigint[])`,
  );
  return new Map(found.map(({ id, name }) => [id, name]));
}

function linesOf(
  { told: count, leadId, passedOver }: Batch["report"][number],
  mine: readonly Told[],
): string[] {
  const passed = formatCounts(passedOver);
  return [
    `  ${count === 0 ? "no candidate to tell" : `${count} to tell`}${passed ? `; passed over: ${passed}` : ""}`,
    ...mine.map(({ name, score }) => `    told ${name} (${percentOf(score)}% match)`),
    ...(leadId === null ? [] : [`  told the team lead, user ${leadId}, about ${count}`]),
  ];
}

function summaryOf(run: Run, { report }: Batch): string[] {
  const passed: Record<string, number> = {};
  for (const { passedOver } of report)
    for (const [reason, n] of Object.entries(passedOver)) passed[reason] = (passed[reason] ?? 0) + n;
  const candidates = report.reduce((sum, { told }) => sum + told, 0);
  return [
    `Completed ${formatInstant(run.finishedAt) ?? "-"} after ${formatDuration(run) ?? "-"}`,
    `Projects processed: ${formatNumber(report.length)}`,
    `Candidates told: ${formatNumber(candidates)}`,
    `Team leads told: ${formatNumber(report.filter(({ leadId }) => leadId !== null).length)}`,
    `Passed over: ${formatCounts(passed) || "nobody"}`,
    `Errors: ${run.status === "done" ? 0 : 1}`,
  ];
}
