import { sql } from "drizzle-orm";
import { candidacyStop } from "../db/candidacy.ts";
import { array, type Queryable, rows } from "../db/statement.ts";
import {
  distanceKm,
  type Match,
  type MatchProject,
  type MatchVolunteer,
  matchOf,
  weightsOf,
} from "../scoring/project-matching/match.ts";
import { type MatchView, type Page, viewOfMatch } from "./project-candidates.ts";
import { readProjects } from "./project-facts.ts";
import { matchedSkills } from "./rank.task.ts";
import { boundedProjects } from "./score-bound.ts";
import { readVolunteer } from "./volunteer-facts.ts";

export type OwnMatch = MatchView & { readonly projectId: string; readonly projectName: string };

/**
 * Number of projects that are scored at a time. Those with the highest bound come first, so one round is
 * mostly enough.
 */
const PROJECTS_PER_ROUND = 200;

type Found = { readonly project: MatchProject; readonly match: Match };

/**
 * The projects that fit a volunteer best, computed from current profiles whether they are on the projects'
 * lists or not; without those that they dismissed, joined, applied for, or were rejected by. Projects are
 * scored in the order of their bounds, until no bound that is left reaches the last match of the page.
 */
export async function readOwnMatches(on: Queryable, volunteerId: string, page: Page): Promise<OwnMatch[]> {
  const volunteer = await readVolunteer(on, volunteerId);
  if (!volunteer) return [];
  const bounded = await projectsByBound(on, volunteerId, page.minimumScore);
  let best: Found[] = [];
  for (let at = 0; at < bounded.length; at += PROJECTS_PER_ROUND) {
    const last = best[page.limit - 1];
    if (last && (bounded[at]?.bound ?? 0) < last.match.score) break;
    const ids = bounded.slice(at, at + PROJECTS_PER_ROUND).map(({ id }) => id);
    best = [...best, ...(await scored(on, volunteer, ids, page))].sort(compareFound).slice(0, page.limit);
  }
  return describe(on, volunteer, best);
}

/** Order of a volunteer's own list: higher score, then more matched skills, then the lower project. */
const compareFound = (a: Found, b: Found): number =>
  b.match.score - a.match.score || b.match.matchedCount - a.match.matchedCount || a.project.id - b.project.id;

async function scored(
  on: Queryable,
  volunteer: MatchVolunteer,
  ids: readonly string[],
  page: Page,
): Promise<Found[]> {
  const candidacies = await readCandidacies(on, String(volunteer.id), ids);
  return (await readProjects(on, { ids: candidacies })).flatMap((project) => {
    const match = matchOf(project, volunteer);
    return match && match.score >= page.minimumScore ? [{ project, match }] : [];
  });
}

/** The projects that the volunteer may be a candidate of. */
async function readCandidacies(
  on: Queryable,
  volunteerId: string,
  ids: readonly string[],
): Promise<string[]> {
  const found = await rows<{ id: string }>(
    on,
    sql`select p.id from projects p join volunteers v on v.user_id = ${volunteerId}
        where p.id = any(${array(ids)}::bigint[]) and ${candidacyStop(sql`v.user_id`)} is null`,
  );
  return found.map(({ id }) => id);
}

function projectsByBound(
  on: Queryable,
  volunteerId: string,
  minimumScore: number,
): Promise<{ id: string; bound: number }[]> {
  return rows<{ id: string; bound: number }>(
    on,
    sql`select id, bound from (${boundedProjects([volunteerId])}) b where bound >= ${minimumScore}::float8 order by bound desc, id`,
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
      match.locationScore === null || !project.location || !volunteer.location
        ? null
        : distanceKm(project.location, volunteer.location);
    return {
      projectId: String(project.id),
      projectName: names.get(`project ${project.id}`) ?? "",
      ...viewOfMatch({ ...match, matched: nameAll(matched), missing: nameAll(missing) }, km),
    };
  });
}
