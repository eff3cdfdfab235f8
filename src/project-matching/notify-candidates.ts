import { sql } from "drizzle-orm";
import { z } from "zod";
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
import { IS_MATCHED } from "./project-facts.ts";

/** A chosen candidate. A tuple, since the payload of a range holds hundreds. */
const chosenPair = z.tuple([
  z.string().describe("project"),
  z.string().describe("volunteer"),
  z.number().describe("score"),
]);
export type ChosenPair = Readonly<z.infer<typeof chosenPair>>;

/** The chosen candidates of some projects. */
export const notifyRange = z.object({
  /** The row of candidate_batches. */
  noticeRunId: z.string(),
  /** The user who sends automated messages. */
  senderId: z.string(),
  /** Project by project, best first. */
  chosen: z.array(chosenPair.readonly()).readonly(),
});
export type NotifyRange = z.infer<typeof notifyRange>;

/** The facts for the texts, and the rule that now forbids the notice, if any. */
type ChosenCandidate = {
  projectId: string;
  volunteerId: string;
  score: number;
  name: string;
  skills: string[];
  skip: NoticeSkipReason | null;
};

/**
 * Records the notices of a range and emits their events: one for each candidate, and one for the lead of each
 * project with its candidates. The rules are checked again, since a range may be retried late:
 * volunteers who applied, were notified or left since the choice are skipped.
 */
export async function notifyCandidates({ tx, now }: JobContext, range: NotifyRange): Promise<Outcome> {
  const candidates = await readChosenCandidates(tx, range.chosen, now);
  const notified = candidates.filter(({ skip }) => skip === null);
  const projects = groupBy(notified, ({ projectId }) => projectId);
  await writeNotices(tx, range.noticeRunId, notified, now);
  const origin = { occurredAt: now, actorId: range.senderId };
  await emit(
    tx,
    candidateMatched,
    notified.map(({ projectId, volunteerId, score, skills }) => ({
      ...origin,
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
    [...projects].map(([projectId, own]) => ({
      ...origin,
      projectId,
      payload: { count: own.length, candidates: own.map(asListed) },
    })),
  );
  return done({ candidates: notified.length, leads: projects.size, ...skippedCounts(candidates) });
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

/** Those who still volunteer, of projects that still want notices, in the order of choosing. */
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
                    ${array(chosen.map(([, , score]) => score))}::float8[]) with ordinality as m(project_id, volunteer_id, match_score, rank)
        join projects p on p.id = m.project_id
        join volunteers v on v.user_id = m.volunteer_id
        join users u on u.id = m.volunteer_id
        where p.auto_notify and ${IS_MATCHED}
        order by m.rank`,
  );

async function writeNotices(
  tx: Tx,
  noticeRunId: string,
  notified: readonly ChosenCandidate[],
  slot: Date,
): Promise<void> {
  const column = (read: (candidate: ChosenCandidate) => unknown) => array(notified.map(read));
  await tx.execute(
    sql`insert into candidate_notifications (project_id, volunteer_id, match_score, batch_id, variant, slot)
        select c.project_id, c.volunteer_id, c.score, ${noticeRunId}::uuid, c.variant, ${slot}::timestamptz
        from unnest(${column((c) => c.projectId)}::bigint[], ${column((c) => c.volunteerId)}::bigint[],
                    ${column((c) => c.score)}::float8[], ${column((c) => noticeVariantOf(c.volunteerId))}::text[])
          as c(project_id, volunteer_id, score, variant)`,
  );
}
