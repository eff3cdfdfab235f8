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
import type { ChosenPair, TellRange } from "./tell-candidates.ts";

/** What was chosen for a project: who, and how many were passed over for which reason. */
type ProjectChoice = {
  readonly project: NoticeProject;
  readonly chosen: readonly ChosenPair[];
  readonly passedOver: Counts;
};

/** What a run decided, and with which numbers. */
export type NoticeBatch = {
  readonly runId: string;
  readonly slot: Date;
  readonly places: number;
  readonly minimumScore: number;
  readonly choices: readonly ProjectChoice[];
};

/** The user whom SYSTEM_USER_ID names, by number or by public uuid. @throws Cancel when there is none. */
export async function findSender(tx: Tx, systemUser: string): Promise<string> {
  const [found] = await rows<{ id: string }>(
    tx,
    sql`select id from users where id::text = ${systemUser} or public_id::text = ${systemUser}`,
  );
  if (!found) throw new Cancel("SYSTEM_USER_ID names nobody");
  return found.id;
}

/** Puts names to what was chosen by number: a choice for each project, in their order. */
export function choicesOf(
  projects: readonly NoticeProject[],
  { pairs, ends }: CandidateLists,
  { chosen, passedOver }: ChosenFromLists,
): ProjectChoice[] {
  const { volunteer, score } = readerOf(pairs);
  let next = 0;
  return projects.map((project, index) => {
    const mine: ChosenPair[] = [];
    for (; next < chosen.length && (chosen[next] as number) < (ends[index] as number); next++) {
      const pair = chosen[next] as number;
      mine.push([project.id, String(volunteer(pair)), score(pair)]);
    }
    const counts = NOTICE_SKIP_REASONS.map(
      (reason, column) =>
        [reason, passedOver[index * NOTICE_SKIP_REASONS.length + column] as number] as const,
    );
    return {
      project,
      chosen: mine,
      passedOver: Object.fromEntries(counts.filter(([, n]) => n !== 0)),
    };
  });
}

/** Writes the row of the run, with its report for the command line: a line a project. @returns the id of the batch. */
export async function writeBatch(tx: Tx, batch: NoticeBatch): Promise<string> {
  const report = batch.choices.map(({ project, chosen, passedOver }) => ({
    projectId: project.id,
    told: chosen.length,
    leadId: chosen.length > 0 ? project.leadId : null,
    passedOver,
  }));
  const [written] = await rows<{ id: string }>(
    tx,
    sql`insert into candidate_batches (run_id, slot, places, minimum_score, report)
        values (${batch.runId}, ${batch.slot}, ${batch.places}, ${batch.minimumScore}, ${JSON.stringify(report)}::jsonb) returning id`,
  );
  if (!written) throw new Error("No row was written for the batch.");
  return written.id;
}

/** So many projects are told of in one transaction: with ten places each, a twentieth of a second. */
const PROJECTS_PER_RANGE = 50;

/** Ranges of those who were chosen. All of a project are in one, so that its lead is told once. */
export function cutChoices(
  choices: readonly ProjectChoice[],
  batch: Pick<TellRange, "batchId" | "senderId">,
): TellRange[] {
  const withSome = choices.filter(({ chosen }) => chosen.length > 0);
  return Array.from({ length: Math.ceil(withSome.length / PROJECTS_PER_RANGE) }, (_, range) => ({
    ...batch,
    chosen: withSome
      .slice(range * PROJECTS_PER_RANGE, (range + 1) * PROJECTS_PER_RANGE)
      .flatMap(({ chosen }) => chosen),
  }));
}

/** How many were passed over for which reason, over all projects, as counts of the run. */
export function passedOverCounts(choices: readonly ProjectChoice[]): Counts {
  const counts: Record<string, number> = {};
  for (const { passedOver } of choices)
    for (const [reason, n] of Object.entries(passedOver))
      counts[`skipped-${reason}`] = (counts[`skipped-${reason}`] ?? 0) + n;
  return counts;
}
