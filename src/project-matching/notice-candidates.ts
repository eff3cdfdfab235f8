import { setImmediate } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { JobContext } from "../queues/job.ts";
import { NOTICE_SKIP_REASONS } from "../scoring/project-matching/choose-candidates.ts";
import {
  type CandidateLists,
  type ChosenFromLists,
  chooseFromLists,
  PAIR_BYTES,
} from "../scoring/project-matching/choose-from-lists.ts";
import { type NoticeProject, skipReason } from "./notice-rules.ts";
import { IS_MATCHED, inScope, type ProjectScope } from "./project-facts.ts";

/**
 * Writes the candidates of a scope who reach the minimum score to notice_candidates, each with the rule that
 * forbids a notice, if any.
 */
export async function gatherNoticeCandidates(
  { tx, now, settings }: JobContext,
  runId: string,
  scope: ProjectScope,
): Promise<void> {
  // Compiling takes longer than the statement.
  await tx.execute(sql`set local jit = off`);
  await tx.execute(
    sql`insert into notice_candidates (run_id, project_id, pairs)
        select ${runId}::bigint, c.project_id,
               string_agg(int8send(c.volunteer_id) || float8send(c.match_score) || int2send(c.skip::int2), ''::bytea
                          order by c.match_score desc, c.matched_skill_count desc, c.volunteer_id)
        from (select m.project_id, m.volunteer_id, m.match_score, m.matched_skill_count,
                     coalesce(array_position(${array(NOTICE_SKIP_REASONS)}::text[], ${skipReason(now)}), 0) as skip
              from projects p
              join volunteer_initiative_matches m on m.project_id = p.id
              join volunteers v on v.user_id = m.volunteer_id
              where ${inScope(sql`p.id`, scope)} and ${inScope(sql`m.project_id`, scope)}
                and m.match_score >= ${settings.matching.minimumScore} and p.auto_notify and ${IS_MATCHED}) c
        group by c.project_id`,
  );
}

/** A few megabytes, and some 20 ms. */
const PROJECTS_PER_STATEMENT = 500;

/** Reads the candidates of the projects, in the projects' order, and deletes all rows of the run. */
export async function takeCandidates(
  tx: Tx,
  runId: string,
  projects: readonly NoticeProject[],
): Promise<CandidateLists> {
  const [size] = await rows<{ bytes: number }>(
    tx,
    sql`select coalesce(sum(length(pairs)), 0)::int as bytes from notice_candidates where run_id = ${runId}`,
  );
  const pairs = new Uint8Array(size?.bytes ?? 0);
  const ends = new Int32Array(projects.length);
  let filled = 0;
  for (let from = 0; from < projects.length; from += PROJECTS_PER_STATEMENT) {
    const some = projects.slice(from, from + PROJECTS_PER_STATEMENT);
    const lists = await readLists(tx, runId, some);
    for (const [index, { id }] of some.entries()) {
      const list = lists.get(id);
      if (list) pairs.set(list, filled);
      filled += list?.length ?? 0;
      ends[from + index] = filled / PAIR_BYTES;
    }
  }
  await tx.execute(sql`delete from notice_candidates where run_id = ${runId}`);
  return { pairs, ends };
}

async function readLists(
  tx: Tx,
  runId: string,
  projects: readonly NoticeProject[],
): Promise<Map<string, Buffer>> {
  const found = await rows<{ id: string; pairs: Buffer }>(
    tx,
    sql`select project_id as id, pairs from notice_candidates
        where run_id = ${runId} and project_id = any(${array(projects.map(({ id }) => id))}::bigint[])`,
  );
  return new Map(found.map(({ id, pairs }) => [id, pairs]));
}

/**
 * Chooses on the event loop, in steps between which it serves other work. Threads run at idle priority, and
 * on a busy machine the open transaction would time out waiting for one.
 */
export async function chooseInSteps(
  { signal, settings }: JobContext,
  lists: CandidateLists,
): Promise<ChosenFromLists> {
  const steps = chooseFromLists({ ...lists, openings: settings.matching.topCandidates });
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await setImmediate();
    signal.throwIfAborted();
  }
}
