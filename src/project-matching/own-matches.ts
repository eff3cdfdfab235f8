import { sql } from "drizzle-orm";
import { array, type Queryable, rows } from "../db/statement.ts";
import {
  distanceKm,
  MATCH_WEIGHTS,
  type Match,
  type MatchProject,
  type MatchVolunteer,
  matchOf,
  weightsOf,
} from "../scoring/project-matching/match.ts";
import { type Page, type ToldMatch, toldOf } from "./candidates.ts";
import { readVolunteer } from "./place-volunteer.ts";
import { OPEN, readProjects } from "./project-facts.ts";
import { matchedSkills } from "./rank.task.ts";

export type OwnMatch = ToldMatch & { readonly projectId: string; readonly projectName: string };

/** So many projects are scored at a time: those that could be best come first, so one page is mostly enough. */
const PROJECTS_PER_PAGE = 200;

type Found = { readonly project: MatchProject; readonly match: Match };

/**
 * The open projects that fit a volunteer best, worked out as of now: scored as their lists are, whether they are on them or not. Projects
 * come in the order of the most that they could score; whoever is found is the best once nothing that is left could be better.
 */
export async function readOwnMatches(on: Queryable, volunteerId: string, page: Page): Promise<OwnMatch[]> {
  const volunteer = await readVolunteer(on, volunteerId);
  if (!volunteer) return [];
  const reach = await projectsByReach(on, volunteerId, page.minimumScore);
  let best: Found[] = [];
  for (let at = 0; at < reach.length; at += PROJECTS_PER_PAGE) {
    const last = best[page.limit - 1];
    if (last && (reach[at]?.most ?? 0) < last.match.score - 0.000_002) break;
    const ids = reach.slice(at, at + PROJECTS_PER_PAGE).map(({ id }) => id);
    best = [...best, ...(await scored(on, volunteer, ids, page))].sort(compareFound).slice(0, page.limit);
  }
  return describe(on, volunteer, best);
}

/** The order of a volunteer's own list: score, then matched skills, then the lower project. */
const compareFound = (a: Found, b: Found): number =>
  b.match.score - a.match.score || b.match.matchedCount - a.match.matchedCount || a.project.id - b.project.id;

async function scored(
  on: Queryable,
  volunteer: MatchVolunteer,
  ids: readonly string[],
  page: Page,
): Promise<Found[]> {
  return (await readProjects(on, { ids })).flatMap((project) => {
    const match = matchOf(project, volunteer);
    return match && match.score >= page.minimumScore ? [{ project, match }] : [];
  });
}

/** Open projects that need a skill of theirs, with the most that they could score there: as if they were next door. */
function projectsByReach(
  on: Queryable,
  volunteerId: string,
  minimum: number,
): Promise<{ id: string; most: number }[]> {
  const { matchedMilli, fullMilli, skill, location } = MATCH_WEIGHTS;
  return rows<{ id: string; most: number }>(
    on,
    sql`with reached as (
          select r.project_id, sum(${matchedMilli}::int + (s.weight * 1000)::int)::float8 / (${fullMilli}::int *
                 (select count(*) from project_required_skills q where q.project_id = r.project_id)) as skill
          from volunteer_skills s join project_required_skills r on r.skill_id = s.skill_id
          where s.volunteer_id = ${volunteerId} group by r.project_id)
        select id, most from (
          select p.id, greatest(r.skill, case when not p.remote and p.latitude is not null
                                         then ${skill}::float8 * r.skill + ${location}::float8 end) as most
          from reached r join projects p on p.id = r.project_id where ${OPEN}) bounded
        where most >= ${minimum}::float8 - 0.000002 order by most desc, id`,
  );
}

async function describe(
  on: Queryable,
  volunteer: MatchVolunteer,
  best: readonly Found[],
): Promise<OwnMatch[]> {
  const ids = best.map(({ project }) => project.id);
  const skillIds = best.flatMap(({ project }) => project.requiredSkillIds);
  const named = await rows<{ kind: string; id: string; name: string }>(
    on,
    sql`select 'project' as kind, id, name from projects where id = any(${array(ids)}::bigint[])
        union all select 'skill', id, name from skills where id = any(${array(skillIds)}::bigint[])`,
  );
  const names = new Map(named.map(({ kind, id, name }) => [`${kind} ${id}`, name]));
  return best.map(({ project, match }) => {
    const matched = matchedSkills(weightsOf(project, volunteer), project);
    const missing = project.requiredSkillIds.filter((id) => !matched.includes(id));
    const nameAll = (list: readonly number[]) => list.map((id) => names.get(`skill ${id}`) ?? "").sort();
    const km =
      match.location === null || !project.place || !volunteer.place
        ? null
        : distanceKm(
            project.place.latitude,
            project.place.longitude,
            volunteer.place.latitude,
            volunteer.place.longitude,
          );
    return {
      projectId: String(project.id),
      projectName: names.get(`project ${project.id}`) ?? "",
      ...toldOf({ ...match, matched: nameAll(matched), missing: nameAll(missing) }, km),
    };
  });
}
