import { sql } from "drizzle-orm";
import { z } from "zod";
import { hostInstant } from "../db/instants.ts";
import { CREATOR_BELONGS } from "../db/project-owners.ts";
import type { resumes } from "../db/schema/platform.ts";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { emit } from "../events/event.ts";
import { resumeIncompleteNudge } from "../events/nudges.ts";
import {
  decideResumeNudge,
  RESUME_STEPS,
  type ResumeDecision,
  type ResumeFacts,
} from "../scoring/notifications/resume-nudge.ts";

/**
 * Projects per transaction. It stays below the limit of 5 s even if every owner is nudged about both resumes.
 */
const PROJECTS_PER_RANGE = 5_000;

/** The project ids in [from, end). */
export const projectRange = z.object({ from: z.string(), end: z.string() });
export type ProjectRange = z.infer<typeof projectRange>;

export type ResumeCandidate = ResumeFacts & {
  readonly projectId: string;
  readonly kind: (typeof resumes.$inferSelect)["kind"];
  readonly userId: string;
  /** The anchor in microseconds, as part of the key. */
  readonly anchor: string;
};

/** Cuts the open projects into ranges of ids. */
export async function cutResumeProjects(tx: Tx, projectId: string | null): Promise<ProjectRange[]> {
  return rows<ProjectRange>(
    tx,
    sql`select min(id)::text as "from", (max(id) + 1)::text as "end"
        from (select id, row_number() over (order by id) as n from projects
              where project_status not in ('completed', 'archived') and (${projectId}::bigint is null or id = ${projectId}::bigint)) open
        group by (n - 1) / ${PROJECTS_PER_RANGE} order by min(id)`,
  );
}

const [FIRST] = RESUME_STEPS;
const LAST_STEP = RESUME_STEPS.length;

/**
 * The incomplete resumes of a range with each of their owners, if the first step has come and the last one
 * was not sent. Owners are those of the project's organization, and its creator while they
 * belong to it.
 */
export async function readResumeCandidates(
  tx: Tx,
  { from, end }: ProjectRange,
  now: Date,
): Promise<ResumeCandidate[]> {
  const found = await rows<Omit<ResumeCandidate, "anchorAt">>(
    tx,
    sql`select p.id as "projectId", k.kind, owner.user_id as "userId", r.completeness, r.anchor::text as anchor, sent.step as "lastStep"
        from projects p
        cross join (values ('project'), ('borrower')) as k(kind)
        left join resumes written on written.project_id = p.id and written.kind = k.kind
        cross join lateral (select coalesce(written.completeness, 0) as completeness, coalesce(written.edited_at, p.created_at) as anchor) r
        cross join lateral (
          select m.user_id from organization_members m where m.organization_id = p.organization_id and m.role = 'owner'
          union select p.created_by where ${CREATOR_BELONGS}) owner
        cross join lateral (
          select coalesce(max(n.step), 0) as step from resume_nudges n
          where n.subject_id = p.id and n.kind = k.kind and n.user_id = owner.user_id and n.anchor_at = r.anchor) sent
        where p.id >= ${from}::bigint and p.id < ${end}::bigint and p.project_status not in ('completed', 'archived')
          and r.completeness < 100 and r.anchor <= ${now}::timestamptz - ${FIRST.fromDays * 24} * interval '1 hour'
          and sent.step < ${LAST_STEP}
        order by p.id, k.kind, owner.user_id`,
  );
  return found.map((row) => ({ ...row, anchorAt: hostInstant(row.anchor) }));
}

export type DecidedResume = { readonly candidate: ResumeCandidate; readonly decision: ResumeDecision };

export const decideResumes = (candidates: readonly ResumeCandidate[], now: Date): DecidedResume[] =>
  candidates.map((candidate) => ({ candidate, decision: decideResumeNudge(candidate, now) }));

/**
 * Records steps and emits their events. Steps that another run has recorded are skipped. @returns the number
 * of events.
 */
export async function recordResumeNudges(
  tx: Tx,
  decided: readonly DecidedResume[],
  now: Date,
): Promise<number> {
  const nudges = decided.flatMap(({ candidate, decision }) =>
    decision.kind === "nudge" ? [{ ...candidate, step: decision.step }] : [],
  );
  if (nudges.length === 0) return 0;
  const column = <T>(read: (nudge: (typeof nudges)[number]) => T) => array(nudges.map(read));
  const inserted = await rows<{ subjectId: string; kind: string; userId: string }>(
    tx,
    sql`insert into resume_nudges (subject_id, kind, user_id, anchor_at, step, nudged_at)
        select n.*, ${now} from unnest(
          ${column(({ projectId }) => projectId)}::bigint[], ${column(({ kind }) => kind)}::text[], ${column(({ userId }) => userId)}::bigint[],
          ${column(({ anchor }) => anchor)}::timestamptz[], ${column(({ step }) => step)}::int[]) as n
        on conflict do nothing
        returning subject_id as "subjectId", kind, user_id as "userId"`,
  );
  const keyOf = (projectId: string, kind: string, userId: string) => `${projectId}:${kind}:${userId}`;
  const written = new Set(inserted.map(({ subjectId, kind, userId }) => keyOf(subjectId, kind, userId)));
  const recorded = nudges.filter(({ projectId, kind, userId }) =>
    written.has(keyOf(projectId, kind, userId)),
  );
  await emit(
    tx,
    resumeIncompleteNudge,
    recorded.map(({ projectId, kind, userId, completeness, step }) => ({
      payload: { user_id: userId, resume_kind: kind, completeness, step },
      occurredAt: now,
      projectId,
    })),
  );
  return recorded.length;
}
