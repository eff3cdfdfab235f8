import { sql } from "drizzle-orm";
import { array, type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { decidePlace, type PlaceFacts } from "../scoring/project-matching/list-change.ts";
import {
  MATCH_WEIGHTS,
  type MatchProject,
  type MatchVolunteer,
  matchOf,
  weightsOf,
} from "../scoring/project-matching/match.ts";
import { OPEN, readProjects } from "./project-facts.ts";
import { matchedSkills } from "./rank.task.ts";

/**
 * Brings one volunteer into every list where they belong, and out of those where they do not any more: the same rows as a run over
 * everybody would leave.
 *
 * @returns the projects whose lists have to be worked out again.
 */
export async function offerVolunteer(
  tx: Tx,
  volunteerId: string,
  keep: number,
  slot: Date,
): Promise<string[]> {
  const volunteer = await readVolunteer(tx, volunteerId);
  const ids = await projectsInReach(tx, volunteerId, keep);
  const open = new Map((await readProjects(tx, { ids })).map((project) => [String(project.id), project]));
  const lists = await readLists(tx, volunteerId, ids);
  const put: Placed[] = [];
  const remove: string[] = [];
  const recompute: string[] = [];
  for (const id of ids) {
    const project = open.get(id);
    const list = lists.get(id);
    const match = project && volunteer ? matchOf(project, volunteer) : null;
    const { size = 0, held = null, lastOther = null } = list ?? {};
    // The list of a project that is not open any more has no end to look behind.
    const decision = decidePlace({
      now: match,
      held,
      lastOther,
      full: project !== undefined && size >= keep,
    });
    if (decision === "put" && project && volunteer) put.push({ project, volunteer });
    else if (decision === "remove") remove.push(id);
    else if (decision === "recompute") recompute.push(id);
  }
  await removeFrom(tx, volunteerId, remove);
  await putInto(tx, put, slot);
  await trimLists(tx, [...put.map(({ project }) => String(project.id)), ...remove], keep);
  return recompute;
}

/** @returns null when there is nobody, or nothing of them to be seen. */
export async function readVolunteer(tx: Queryable, volunteerId: string): Promise<MatchVolunteer | null> {
  const [found] = await rows<{
    latitude: number | null;
    longitude: number | null;
    skills: [skillId: number, weight: number][];
  }>(
    tx,
    sql`select v.latitude, v.longitude,
               (select coalesce(jsonb_agg(jsonb_build_array(s.skill_id, (s.weight * 1000)::int)), '[]')
                from volunteer_skills s where s.volunteer_id = v.user_id) as skills
        from volunteers v where v.user_id = ${volunteerId} and v.skills_visible`,
  );
  if (!found) return null;
  const { latitude, longitude, skills } = found;
  const place = latitude === null || longitude === null ? null : { latitude, longitude };
  return { id: Number(volunteerId), skills: new Map(skills), place };
}

/** Projects that hold the volunteer, and open ones that they could enter: by skill and the best there is of nearness. */
async function projectsInReach(tx: Tx, volunteerId: string, keep: number): Promise<string[]> {
  const { matchedMilli, fullMilli, skill, location } = MATCH_WEIGHTS;
  const found = await rows<{ id: string }>(
    tx,
    sql`with mine as (
          select s.skill_id, ${matchedMilli}::int + (s.weight * 1000)::int as milli
          from volunteer_skills s join volunteers v on v.user_id = s.volunteer_id
          where s.volunteer_id = ${volunteerId} and v.skills_visible),
        reached as (
          select r.project_id, sum(m.milli)::float8 / (${fullMilli}::int *
                 (select count(*) from project_required_skills q where q.project_id = r.project_id)) as skill
          from mine m join project_required_skills r on r.skill_id = m.skill_id group by r.project_id)
        select r.project_id as id
        from reached r join projects p on p.id = r.project_id left join project_match_lists l on l.project_id = r.project_id
        where ${OPEN} and (coalesce(l.size, 0) < ${keep}
          or greatest(r.skill, case when not p.remote and p.latitude is not null
                               then ${skill}::float8 * r.skill + ${location}::float8 end) >= l.floor_score - 0.000002)
        union
        select project_id from volunteer_initiative_matches where volunteer_id = ${volunteerId}
        order by id`,
  );
  return found.map(({ id }) => id);
}

type List = { readonly size: number } & Pick<PlaceFacts, "held" | "lastOther">;

async function readLists(tx: Tx, volunteerId: string, ids: readonly string[]): Promise<Map<string, List>> {
  const found = await rows<{
    id: string;
    size: number;
    mine: boolean;
    score: number;
    count: number;
    who: string;
  }>(
    tx,
    sql`select distinct on (id, mine) * from (
          select m.project_id as id, l.size, m.volunteer_id = ${volunteerId} as mine, m.match_score as score,
                 m.matched_skill_count as count, m.volunteer_id as who
          from volunteer_initiative_matches m join project_match_lists l on l.project_id = m.project_id
          where m.project_id = any(${array(ids)}::bigint[])) listed
        order by id, mine, score, count, who desc`,
  );
  const lists = new Map<string, List>();
  for (const { id, size, mine, score, count, who } of found) {
    const key = { score, matchedCount: count, volunteerId: Number(who) };
    const list = lists.get(id) ?? { size, held: null, lastOther: null };
    lists.set(id, mine ? { ...list, held: key } : { ...list, lastOther: key });
  }
  return lists;
}

async function removeFrom(tx: Tx, volunteerId: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.execute(
    sql`delete from volunteer_initiative_matches
        where volunteer_id = ${volunteerId} and project_id = any(${array(ids)}::bigint[])`,
  );
}

type Placed = { readonly project: MatchProject; readonly volunteer: MatchVolunteer };

async function putInto(tx: Tx, placed: readonly Placed[], slot: Date): Promise<void> {
  if (placed.length === 0) return;
  const found = placed.flatMap(({ project, volunteer }) => {
    const match = matchOf(project, volunteer);
    return match
      ? [{ ...match, projectId: project.id, skillIds: matchedSkills(weightsOf(project, volunteer), project) }]
      : [];
  });
  const column = (read: (match: (typeof found)[number]) => unknown) => array(found.map(read));
  await tx.execute(
    sql`insert into volunteer_initiative_matches as m (project_id, volunteer_id, match_score, coverage, cosine, jaccard,
          location_score, matched_skill_ids, matched_skill_count, calculated_at)
        select f.project_id, f.volunteer_id, f.score, f.coverage, f.cosine, f.jaccard, f.location, f.skill_ids::bigint[],
               cardinality(f.skill_ids::bigint[]), ${slot}::timestamptz
        from unnest(${column((f) => f.projectId)}::bigint[], ${column((f) => f.volunteerId)}::bigint[],
                    ${column((f) => f.score)}::float8[], ${column((f) => f.coverage)}::float8[], ${column((f) => f.cosine)}::float8[],
                    ${column((f) => f.jaccard)}::float8[], ${column((f) => f.location)}::float8[],
                    ${column((f) => `{${f.skillIds.join(",")}}`)}::text[])
          as f(project_id, volunteer_id, score, coverage, cosine, jaccard, location, skill_ids)
        order by f.project_id
        on conflict (project_id, volunteer_id) do update set
          (match_score, coverage, cosine, jaccard, location_score, matched_skill_ids, matched_skill_count, calculated_at) =
          (excluded.match_score, excluded.coverage, excluded.cosine, excluded.jaccard, excluded.location_score,
           excluded.matched_skill_ids, excluded.matched_skill_count, excluded.calculated_at)
        where (m.match_score, m.coverage, m.cosine, m.jaccard, m.location_score, m.matched_skill_ids) is distinct from
          (excluded.match_score, excluded.coverage, excluded.cosine, excluded.jaccard, excluded.location_score, excluded.matched_skill_ids)`,
  );
}

/** Cuts lists to their length, and notes how long they are and where they end. */
async function trimLists(tx: Tx, ids: readonly string[], keep: number): Promise<void> {
  if (ids.length === 0) return;
  await tx.execute(
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
}
