import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { noticeVariantOf } from "../email/render/experiments.ts";
import { emit } from "../events/event.ts";
import { candidateMatched, leadCandidatesFound } from "../events/matching.ts";
import { groupBy } from "../group-by.ts";
import type { JobContext } from "../queues/job.ts";
import { type Counts, done, type Outcome } from "../queues/outcome.ts";
import type { NoticeSkipReason } from "../scoring/project-matching/choose-candidates.ts";
import { percentOf } from "../scoring/project-matching/match.ts";
import { skipReason } from "./notice-rules.ts";
import { OPEN } from "./project-facts.ts";

/** A candidate whom a run has chosen: project, volunteer, score. Short, since a range holds hundreds. */
export type ChosenPair = readonly [projectId: string, volunteerId: string, score: number];

/** Candidates who are to be told, with all that were chosen for their projects. */
export type TellRange = {
  readonly batchId: string;
  /** The sender of automated messages. */
  readonly senderId: string;
  /** Project by project, each best first. */
  readonly chosen: readonly ChosenPair[];
};

/** What the texts name: the candidate, and the skills that match. And what has come to stand against telling them. */
type ChosenCandidate = {
  projectId: string;
  volunteerId: string;
  score: number;
  name: string;
  skills: string[];
  skip: NoticeSkipReason | null;
};

/**
 * Writes down who is told of what, and emits the events that tell them: each candidate one of their own, the lead of each project one
 * with the list. Nothing goes to anybody else. A range may come late, tried again after its run has failed: whoever was told meanwhile,
 * or applied, or is gone, is left out.
 */
export async function tellCandidates({ tx, now }: JobContext, range: TellRange): Promise<Outcome> {
  const candidates = await readChosenCandidates(tx, range.chosen, now);
  const told = candidates.filter(({ skip }) => skip === null);
  const projects = groupBy(told, ({ projectId }) => projectId);
  await writeNotices(tx, range.batchId, told, now);
  const said = { occurredAt: now, actorId: range.senderId };
  await emit(
    tx,
    candidateMatched,
    told.map(({ projectId, volunteerId, score, skills }) => ({
      ...said,
      projectId,
      payload: {
        user_id: volunteerId,
        score: percentOf(score),
        skills,
        variant: noticeVariantOf(volunteerId),
      },
    })),
  );
  await emit(
    tx,
    leadCandidatesFound,
    [...projects].map(([projectId, mine]) => ({
      ...said,
      projectId,
      payload: { count: mine.length, candidates: mine.map(asListed) },
    })),
  );
  return done({ candidates: told.length, leads: projects.size, ...skippedCounts(candidates) });
}

const asListed = ({ volunteerId, name, score }: ChosenCandidate) => ({
  user_id: volunteerId,
  name,
  score: percentOf(score),
});

function skippedCounts(candidates: readonly ChosenCandidate[]): Counts {
  const counts: Record<string, number> = {};
  for (const { skip } of candidates)
    if (skip !== null) counts[`skipped-${skip}`] = (counts[`skipped-${skip}`] ?? 0) + 1;
  return counts;
}

/** Those who are still there, of projects that are still open, in the order in which they were chosen. */
const readChosenCandidates = (
  tx: Tx,
  chosen: readonly ChosenPair[],
  slot: Date,
): Promise<ChosenCandidate[]> =>
  rows<ChosenCandidate>(
    tx,
    sql`select m.project_id as "projectId", m.volunteer_id as "volunteerId", m.match_score as score, u.name,
               array(select s.name from volunteer_initiative_matches i join skills s on s.id = any(i.matched_skill_ids)
                     where i.project_id = m.project_id and i.volunteer_id = m.volunteer_id order by s.name) as skills,
               ${skipReason(slot)} as skip
        from unnest(${array(chosen.map(([projectId]) => projectId))}::bigint[], ${array(chosen.map(([, volunteerId]) => volunteerId))}::bigint[],
                    ${array(chosen.map(([, , score]) => score))}::float8[]) with ordinality as m(project_id, volunteer_id, match_score, place)
        join projects p on p.id = m.project_id
        join volunteers v on v.user_id = m.volunteer_id
        join users u on u.id = m.volunteer_id
        where p.auto_notify and ${OPEN}
        order by m.place`,
  );

async function writeNotices(
  tx: Tx,
  batchId: string,
  told: readonly ChosenCandidate[],
  slot: Date,
): Promise<void> {
  const column = (read: (candidate: ChosenCandidate) => unknown) => array(told.map(read));
  await tx.execute(
    sql`insert into candidate_notifications (project_id, volunteer_id, match_score, batch_id, variant, slot)
        select c.project_id, c.volunteer_id, c.score, ${batchId}::uuid, c.variant, ${slot}::timestamptz
        from unnest(${column((c) => c.projectId)}::bigint[], ${column((c) => c.volunteerId)}::bigint[],
                    ${column((c) => c.score)}::float8[], ${column((c) => noticeVariantOf(c.volunteerId))}::text[])
          as c(project_id, volunteer_id, score, variant)`,
  );
}
