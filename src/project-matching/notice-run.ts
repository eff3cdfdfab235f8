import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { Cancel, type Counts } from "../queues/outcome.ts";
import { NOTICE_SKIP_REASONS } from "../scoring/project-matching/choose-candidates.ts";
import {
  type CandidateLists,
  type ChosenFromLists,
  readerOf,
} from "../scoring/project-matching/choose-from-lists.ts";
import type { NoticeProject } from "./notice-rules.ts";
import type { ChosenPair, NotifyRange } from "./notify-candidates.ts";

/** The chosen candidates of a project, and how many were skipped for each reason. */
type ProjectChoice = {
  readonly project: NoticeProject;
  readonly chosen: readonly ChosenPair[];
  readonly skipped: Counts;
};

/** The decision of a run of the notices, with its settings: a row of candidate_batches. */
export type NoticeRun = {
  readonly runId: string;
  readonly slot: Date;
  readonly openings: number;
  readonly minimumScore: number;
  readonly choices: readonly ProjectChoice[];
};

/** The user that SYSTEM_USER_ID names, by id or public uuid. @throws Cancel when there is none. */
export async function findSender(tx: Tx, systemUser: string): Promise<string> {
  const [found] = await rows<{ id: string }>(
    tx,
    sql`select id from users where id::text = ${systemUser} or public_id::text = ${systemUser}`,
  );
  if (!found) throw new Cancel("SYSTEM_USER_ID is not the id of a user");
  return found.id;
}

/** Turns indexes of chosen pairs into a choice per project, in the projects' order. */
export function choicesOf(
  projects: readonly NoticeProject[],
  { pairs, ends }: CandidateLists,
  { chosen, skipped }: ChosenFromLists,
): ProjectChoice[] {
  const { volunteer, score } = readerOf(pairs);
  let next = 0;
  return projects.map((project, index) => {
    const own: ChosenPair[] = [];
    for (; next < chosen.length && (chosen[next] as number) < (ends[index] as number); next++) {
      const pair = chosen[next] as number;
      own.push([project.id, String(volunteer(pair)), score(pair)]);
    }
    const counts = NOTICE_SKIP_REASONS.map(
      (reason, column) => [reason, skipped[index * NOTICE_SKIP_REASONS.length + column] as number] as const,
    );
    return { project, chosen: own, skipped: Object.fromEntries(counts.filter(([, n]) => n !== 0)) };
  });
}

/** Writes the row of the run with its report, an element per project. @returns the id of the row. */
export async function writeNoticeRun(tx: Tx, run: NoticeRun): Promise<string> {
  const report = run.choices.map(({ project, chosen, skipped }) => ({
    projectId: project.id,
    notified: chosen.length,
    leadId: chosen.length > 0 ? project.leadId : null,
    skipped,
  }));
  const [written] = await rows<{ id: string }>(
    tx,
    sql`insert into candidate_batches (run_id, slot, places, minimum_score, report)
        values (${run.runId}, ${run.slot}, ${run.openings}, ${run.minimumScore}, ${JSON.stringify(report)}::jsonb) returning id`,
  );
  if (!written) throw new Error("The insert into candidate_batches returned no row.");
  return written.id;
}

/** A transaction of 50 ms with ten openings each. */
const PROJECTS_PER_RANGE = 50;

/** Cuts the choices into ranges. A project is not split, so that its lead gets one notification. */
export function cutChoices(
  choices: readonly ProjectChoice[],
  run: Pick<NotifyRange, "noticeRunId" | "senderId">,
): NotifyRange[] {
  const withCandidates = choices.filter(({ chosen }) => chosen.length > 0);
  return Array.from({ length: Math.ceil(withCandidates.length / PROJECTS_PER_RANGE) }, (_, range) => ({
    ...run,
    chosen: withCandidates
      .slice(range * PROJECTS_PER_RANGE, (range + 1) * PROJECTS_PER_RANGE)
      .flatMap(({ chosen }) => chosen),
  }));
}

/** Skipped candidates of all projects by reason, as counts of the run. */
export function skipCounts(choices: readonly ProjectChoice[]): Counts {
  const counts: Record<string, number> = {};
  for (const { skipped } of choices)
    for (const [reason, n] of Object.entries(skipped))
      counts[`skipped-${reason}`] = (counts[`skipped-${reason}`] ?? 0) + n;
  return counts;
}
