import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { decideListChange, type ListChangeFacts } from "../scoring/project-matching/list-change.ts";
import { type Match, matchOf, weightsOf } from "../scoring/project-matching/match.ts";
import { readProjects } from "./project-facts.ts";
import { matchedSkills } from "./rank.task.ts";
import { boundedProjects } from "./score-bound.ts";
import { readVolunteer } from "./volunteer-facts.ts";

export type Placement = {
  readonly counts: { readonly added: number; readonly changed: number; readonly removed: number };
  /** Projects whose lists have to be computed from all volunteers. */
  readonly recompute: readonly string[];
};

/** A row to write. */
type Row = Match & { readonly projectId: number; readonly skillIds: readonly number[] };

/**
 * Updates the lists of all projects for one volunteer: the rows that a full run would leave, apart from the
 * lists that it returns for a recompute. The caller holds `lockSingleLists`.
 */
export async function placeInLists(
  tx: Tx,
  volunteerId: string,
  keep: number,
  slot: Date,
): Promise<Placement> {
  const volunteer = await readVolunteer(tx, volunteerId);
  const ids = await affectedProjects(tx, volunteerId, keep);
  const open = new Map((await readProjects(tx, { ids })).map((project) => [String(project.id), project]));
  const lists = await readLists(tx, volunteerId, ids);
  const upserts: Row[] = [];
  const removals: string[] = [];
  const recompute: string[] = [];
  for (const id of ids) {
    const project = open.get(id);
    const match = project && volunteer ? matchOf(project, volunteer) : null;
    const { size = 0, stored = null, lastOther = null } = lists.get(id) ?? {};
    // The list of a closed project is not refilled.
    const full = project !== undefined && size >= keep;
    const change = decideListChange({ now: match, stored, lastOther, full });
    if (change === "upsert" && project && volunteer && match)
      upserts.push({
        ...match,
        projectId: project.id,
        skillIds: matchedSkills(weightsOf(project, volunteer), project),
      });
    else if (change === "remove") removals.push(id);
    else if (change === "recompute") recompute.push(id);
  }
  const removed = await removeRows(tx, volunteerId, removals);
  const { added, changed } = await upsertRows(tx, upserts, slot);
  const trimmed = await trimLists(
    tx,
    [...upserts.map(({ projectId }) => String(projectId)), ...removals],
    keep,
  );
  return { counts: { added, changed, removed: removed + trimmed }, recompute };
}

/** Projects that list the volunteer, and those whose list they could enter. */
async function affectedProjects(tx: Tx, volunteerId: string, keep: number): Promise<string[]> {
  const found = await rows<{ id: string }>(
    tx,
    sql`select b.id from (${boundedProjects(volunteerId)}) b left join project_match_lists l on l.project_id = b.id
        where coalesce(l.size, 0) < ${keep} or b.bound >= l.floor_score
        union
        select project_id from volunteer_initiative_matches where volunteer_id = ${volunteerId}
        order by id`,
  );
  return found.map(({ id }) => id);
}

type List = { readonly size: number } & Pick<ListChangeFacts, "stored" | "lastOther">;

/** For each list: its size, the volunteer's row, and the last row of the others. */
async function readLists(tx: Tx, volunteerId: string, ids: readonly string[]): Promise<Map<string, List>> {
  const found = await rows<{
    id: string;
    size: number;
    own: boolean;
    score: number;
    matchedCount: number;
    volunteerId: string;
  }>(
    tx,
    sql`select distinct on (id, own) * from (
          select m.project_id as id, l.size, m.volunteer_id = ${volunteerId} as own, m.match_score as score,
                 m.matched_skill_count as "matchedCount", m.volunteer_id as "volunteerId"
          from volunteer_initiative_matches m join project_match_lists l on l.project_id = m.project_id
          where m.project_id = any(${array(ids)}::bigint[])) listed
        order by id, own, score, "matchedCount", "volunteerId" desc`,
  );
  const lists = new Map<string, List>();
  for (const { id, size, own, ...row } of found) {
    const rank = { ...row, volunteerId: Number(row.volunteerId) };
    const list = lists.get(id) ?? { size, stored: null, lastOther: null };
    lists.set(id, own ? { ...list, stored: rank } : { ...list, lastOther: rank });
  }
  return lists;
}

async function removeRows(tx: Tx, volunteerId: string, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0;
  const removed = await tx.execute(
    sql`delete from volunteer_initiative_matches
        where volunteer_id = ${volunteerId} and project_id = any(${array(ids)}::bigint[])`,
  );
  return removed.rowCount ?? 0;
}

/** Inserts and updates rows; those that are the same already are not touched. */
async function upsertRows(
  tx: Tx,
  upserts: readonly Row[],
  slot: Date,
): Promise<{ added: number; changed: number }> {
  if (upserts.length === 0) return { added: 0, changed: 0 };
  const column = (read: (row: Row) => unknown) => array(upserts.map(read));
  const written = await rows<{ isNew: boolean }>(
    tx,
    sql`insert into volunteer_initiative_matches as m (project_id, volunteer_id, match_score, coverage, cosine, jaccard,
          location_score, matched_skill_ids, matched_skill_count, calculated_at)
        select f.project_id, f.volunteer_id, f.score, f.coverage, f.cosine, f.jaccard, f.location, f.skill_ids::bigint[],
               cardinality(f.skill_ids::bigint[]), ${slot}::timestamptz
        from unnest(${column((f) => f.projectId)}::bigint[], ${column((f) => f.volunteerId)}::bigint[],
                    ${column((f) => f.score)}::float8[], ${column((f) => f.coverage)}::float8[], ${column((f) => f.cosine)}::float8[],
                    ${column((f) => f.jaccard)}::float8[], ${column((f) => f.locationScore)}::float8[],
                    ${column((f) => `{${f.skillIds.join(",")}}`)}::text[])
          as f(project_id, volunteer_id, score, coverage, cosine, jaccard, location, skill_ids)
        order by f.project_id
        on conflict (project_id, volunteer_id) do update set
          (match_score, coverage, cosine, jaccard, location_score, matched_skill_ids, matched_skill_count, calculated_at) =
          (excluded.match_score, excluded.coverage, excluded.cosine, excluded.jaccard, excluded.location_score,
           excluded.matched_skill_ids, excluded.matched_skill_count, excluded.calculated_at)
        where (m.match_score, m.coverage, m.cosine, m.jaccard, m.location_score, m.matched_skill_ids) is distinct from
          (excluded.match_score, excluded.coverage, excluded.cosine, excluded.jaccard, excluded.location_score, excluded.matched_skill_ids)
        returning m.xmax = 0 as "isNew"`,
  );
  const added = written.filter(({ isNew }) => isNew).length;
  return { added, changed: written.length - added };
}

/**
 * Cuts lists to `keep` rows, and updates their recorded size and floor.
 *
 * @returns how many rows were cut off.
 */
async function trimLists(tx: Tx, ids: readonly string[], keep: number): Promise<number> {
  if (ids.length === 0) return 0;
  const trimmed = await tx.execute(
    sql`delete from volunteer_initiative_matches m
        using (select project_id, volunteer_id, row_number() over (
                 partition by project_id order by match_score desc, matched_skill_count desc, volunteer_id) as rank
               from volunteer_initiative_matches where project_id = any(${array(ids)}::bigint[])) r
        where r.rank > ${keep} and m.project_id = r.project_id and m.volunteer_id = r.volunteer_id`,
  );
  await tx.execute(
    sql`with lists as (
          select project_id, count(*)::int as size, min(match_score) as floor_score
          from volunteer_initiative_matches where project_id = any(${array(ids)}::bigint[]) group by project_id),
        unlisted as (
          delete from project_match_lists l where l.project_id = any(${array(ids)}::bigint[])
            and not exists (select 1 from lists n where n.project_id = l.project_id))
        insert into project_match_lists (project_id, size, floor_score) select * from lists order by project_id
        on conflict (project_id) do update set size = excluded.size, floor_score = excluded.floor_score`,
  );
  return trimmed.rowCount ?? 0;
}
