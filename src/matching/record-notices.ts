import { sql } from "drizzle-orm";
import { array, rows, type Tx } from "../db/client.ts";
import { noticeVariantOf } from "../email/experiments.ts";
import { candidateMatched } from "../events/candidate-matched.ts";
import { emit } from "../events/event.ts";
import { leadCandidatesFound } from "../events/lead-candidates-found.ts";
import { Cancel } from "../queues/outcome.ts";
import type { CandidatePair, ChosenCandidates } from "../scoring/choose-candidates.ts";
import { percentOf } from "../scoring/match.ts";
import type { NoticeProject } from "./candidate-pairs.ts";

/** What a run decided, and with which numbers. */
export type NoticeBatch = ChosenCandidates & {
  readonly runId: string | null;
  readonly slot: Date;
  readonly places: number;
  readonly minimumScore: number;
  readonly projects: readonly NoticeProject[];
  /** The sender of automated messages. */
  readonly senderId: string;
};

/** One line of the report: a project, and what came of it. */
type ProjectReport = {
  projectId: string;
  told: number;
  leadId: string | null;
  passedOver: Record<string, number>;
};

/**
 * Writes down who is told of what, and emits the events that tell them: each candidate one of their own, the lead of each project one
 * with the list. Nothing goes to anybody else.
 */
export async function recordNotices(tx: Tx, batch: NoticeBatch): Promise<void> {
  const { chosen, slot, senderId, projects } = batch;
  const reports = reportsOf(batch);
  const batchId = await writeBatch(tx, batch, reports);
  await writeNotices(tx, batchId, batch);
  const said = { occurredAt: slot, actorId: senderId };
  const details = await readDetails(tx, chosen);
  await emit(
    tx,
    candidateMatched,
    chosen.map(({ projectId, volunteerId, score }) => ({
      ...said,
      projectId,
      payload: {
        user_id: volunteerId,
        score: percentOf(score),
        skills: details.get(`${projectId}:${volunteerId}`)?.skills ?? [],
        variant: noticeVariantOf(volunteerId),
      },
    })),
  );
  const told = byProject(chosen);
  await emit(
    tx,
    leadCandidatesFound,
    projects.flatMap(({ id }) => {
      const mine = told.get(id) ?? [];
      if (mine.length === 0) return [];
      const candidates = mine.map(({ volunteerId, score }) => ({
        user_id: volunteerId,
        name: details.get(`${id}:${volunteerId}`)?.name ?? "",
        score: percentOf(score),
      }));
      return [{ ...said, projectId: id, payload: { count: mine.length, candidates } }];
    }),
  );
}

/** The user whom SYSTEM_USER_ID names, by number or by public uuid. @throws Cancel when there is none. */
export async function findSender(tx: Tx, systemUser: string): Promise<string> {
  const [found] = await rows<{ id: string }>(
    tx,
    sql`select id from users where id::text = ${systemUser} or public_id::text = ${systemUser}`,
  );
  if (!found) throw new Cancel("SYSTEM_USER_ID names nobody");
  return found.id;
}

function byProject<Pair extends CandidatePair>(pairs: readonly Pair[]): Map<string, Pair[]> {
  const groups = new Map<string, Pair[]>();
  for (const pair of pairs) groups.set(pair.projectId, [...(groups.get(pair.projectId) ?? []), pair]);
  return groups;
}

function reportsOf({ projects, chosen, passedOver }: NoticeBatch): ProjectReport[] {
  const told = byProject(chosen);
  const passed = byProject(passedOver);
  return projects.map(({ id, leadId }) => {
    const count = told.get(id)?.length ?? 0;
    const reasons: Record<string, number> = {};
    for (const { skip } of passed.get(id) ?? []) reasons[skip] = (reasons[skip] ?? 0) + 1;
    return { projectId: id, told: count, leadId: count > 0 ? leadId : null, passedOver: reasons };
  });
}

async function writeBatch(tx: Tx, batch: NoticeBatch, reports: readonly ProjectReport[]): Promise<string> {
  const [written] = await rows<{ id: string }>(
    tx,
    sql`insert into candidate_batches (run_id, slot, places, minimum_score, report)
        values (${batch.runId}, ${batch.slot}, ${batch.places}, ${batch.minimumScore}, ${JSON.stringify(reports)}::jsonb) returning id`,
  );
  if (!written) throw new Error("No row was written for the batch.");
  return written.id;
}

async function writeNotices(tx: Tx, batchId: string, { chosen, slot }: NoticeBatch): Promise<void> {
  const column = (read: (pair: CandidatePair) => unknown) => array(chosen.map(read));
  await tx.execute(
    sql`insert into candidate_notifications (project_id, volunteer_id, match_score, batch_id, variant, slot)
        select c.project_id, c.volunteer_id, c.score, ${batchId}::uuid, c.variant, ${slot}::timestamptz
        from unnest(${column((p) => p.projectId)}::bigint[], ${column((p) => p.volunteerId)}::bigint[],
                    ${column((p) => p.score)}::float8[], ${column((p) => noticeVariantOf(p.volunteerId))}::text[])
          as c(project_id, volunteer_id, score, variant)`,
  );
}

type Details = { projectId: string; volunteerId: string; name: string; skills: string[] };

/** What the texts name: the candidate, and the skills that match. */
async function readDetails(tx: Tx, chosen: readonly CandidatePair[]): Promise<Map<string, Details>> {
  const found = await rows<Details>(
    tx,
    sql`select m.project_id as "projectId", m.volunteer_id as "volunteerId", u.name,
               array(select s.name from skills s where s.id = any(m.matched_skill_ids) order by s.name) as skills
        from volunteer_initiative_matches m join users u on u.id = m.volunteer_id
        where (m.project_id, m.volunteer_id) in (
          select * from unnest(${array(chosen.map((p) => p.projectId))}::bigint[], ${array(chosen.map((p) => p.volunteerId))}::bigint[]))`,
  );
  return new Map(found.map((row) => [`${row.projectId}:${row.volunteerId}`, row]));
}
