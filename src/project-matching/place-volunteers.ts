import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { groupBy } from "../group-by.ts";
import { decideListChanges } from "../scoring/project-matching/list-change.ts";
import { type Match, type MatchRank, matchOf, weightsOf } from "../scoring/project-matching/match.ts";
import { type ListedProject, readListedProjects } from "./project-facts.ts";
import { matchedSkills } from "./rank.task.ts";
import { boundedProjects } from "./score-bound.ts";
import { type PlacedRow, removeMatchRows, trimLists, upsertRows } from "./stored-lists.ts";
import { readVolunteers } from "./volunteer-facts.ts";

export type Placement = {
  readonly counts: { readonly added: number; readonly changed: number; readonly removed: number };
  /** Projects whose lists have to be computed from all volunteers. */
  readonly recompute: readonly string[];
};

/** A changed volunteer and a project that lists them or could. */
type Pair = { volunteerId: string; projectId: string; isStored: boolean };

type List = { readonly size: number; readonly capacity: number; readonly last: MatchRank | null };

/**
 * Updates the lists of all projects for changed volunteers: the rows that a full run would leave, apart from
 * the lists that it returns for a recompute. The number of statements does not depend on how many there are.
 * The caller holds `lockSingleLists`.
 *
 * @param keep length of a list.
 */
export async function placeVolunteers(
  tx: Tx,
  volunteerIds: readonly string[],
  keep: number,
  slot: Date,
): Promise<Placement> {
  const volunteers = await readVolunteers(tx, volunteerIds);
  const pairs = groupBy(await affectedPairs(tx, volunteerIds), ({ projectId }) => projectId);
  const ids = [...pairs.keys()];
  const open = new Map(
    (await readListedProjects(tx, { ids }, keep)).map((project) => [String(project.id), project]),
  );
  const lists = await readLists(tx, ids);
  const upserts: PlacedRow[] = [];
  const removals: Pair[] = [];
  const recompute: string[] = [];
  for (const [id, ofProject] of pairs) {
    const project = open.get(id);
    const changed = ofProject.map((pair) => {
      const volunteer = volunteers.get(pair.volunteerId);
      const now: Match | null = project && volunteer ? matchOf(project, volunteer) : null;
      return { pair, now, isStored: pair.isStored, volunteer };
    });
    const changes = decideListChanges({ ...listOf(lists.get(id), project), changed });
    if (changes === "recompute") {
      recompute.push(id);
      continue;
    }
    for (const [index, { pair, now, volunteer }] of changed.entries()) {
      if (changes[index] === "remove") removals.push(pair);
      else if (changes[index] === "upsert" && now && project && volunteer)
        upserts.push({
          ...now,
          projectId: project.id,
          skillIds: matchedSkills(weightsOf(project, volunteer), project),
        });
    }
  }
  const removed = await removeMatchRows(tx, removals);
  const { added, changed } = await upsertRows(tx, upserts, slot);
  const touched = new Set([
    ...upserts.map(({ projectId }) => String(projectId)),
    ...removals.map(({ projectId }) => projectId),
  ]);
  const trimmed = await trimLists(
    tx,
    [...touched].map((id) => ({ id, capacity: listOf(lists.get(id), open.get(id)).capacity })),
  );
  return { counts: { added, changed, removed: removed + trimmed }, recompute };
}

/** The list of a closed project is not refilled, so it is never full. */
function listOf(stored: List | undefined, project: ListedProject | undefined): List {
  if (!project)
    return { size: stored?.size ?? 0, capacity: Number.MAX_SAFE_INTEGER, last: stored?.last ?? null };
  return stored ?? { size: 0, capacity: project.capacity, last: null };
}

/** The volunteers with the projects that list them, and those whose list they could enter. */
const affectedPairs = (tx: Tx, volunteerIds: readonly string[]): Promise<Pair[]> =>
  rows<Pair>(
    tx,
    sql`select volunteer_id as "volunteerId", project_id as "projectId", bool_or(stored) as "isStored" from (
          select b.volunteer_id, b.id as project_id, false as stored
          from (${boundedProjects(volunteerIds)}) b left join project_match_lists l on l.project_id = b.id
          where l.project_id is null or l.size < l.capacity or b.bound >= l.floor_score
          union all
          select volunteer_id, project_id, true from volunteer_initiative_matches
          where volunteer_id = any(${array(volunteerIds)}::bigint[])) affected
        group by 1, 2 order by 2, 1`,
  );

/** The stored lists, with their last rows. */
async function readLists(tx: Tx, ids: readonly string[]): Promise<Map<string, List>> {
  const found = await rows<{ id: string; size: number; capacity: number } & { last: MatchRank | null }>(
    tx,
    sql`select l.project_id as id, l.size, l.capacity,
               (select jsonb_build_object('score', m.match_score, 'matchedCount', m.matched_skill_count, 'volunteerId', m.volunteer_id)
                from volunteer_initiative_matches m where m.project_id = l.project_id
                order by m.match_score, m.matched_skill_count, m.volunteer_id desc limit 1) as last
        from project_match_lists l where l.project_id = any(${array(ids)}::bigint[])`,
  );
  return new Map(found.map(({ id, ...list }) => [id, list]));
}
