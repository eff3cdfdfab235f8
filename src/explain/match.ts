import { sql } from "drizzle-orm";
import { array, type Queryable, rows } from "../db/statement.ts";
import { skipReason } from "../project-matching/notice-rules.ts";
import { readVolunteer } from "../project-matching/place-volunteer.ts";
import { readProjects } from "../project-matching/project-facts.ts";
import {
  compareMatches,
  distanceKm,
  MATCH_WEIGHTS,
  type Match,
  type MatchProject,
  type MatchVolunteer,
  matchOf,
  percentOf,
  weightsOf,
} from "../scoring/project-matching/match.ts";
import { differences, type Explanation, type Step, step } from "./explanation.ts";

const ID = /^([1-9]\d{0,14}):([1-9]\d{0,14})$/;

type Pair = {
  name: string;
  status: string;
  leaders: string[];
  volunteers: boolean;
  score: number | null;
  size: number;
  last: { score: number; matchedCount: number; volunteerId: number } | null;
  rank: number;
  skip: string | null;
};

/**
 * Explains a match, `<projectId>:<volunteerId>`: worked out anew from what both are now, and compared with what is stored. For a pair
 * that is not on the list: why. Of skills that are hidden nothing is said but that they are.
 */
export async function explainMatch(on: Queryable, id: string): Promise<Explanation | undefined> {
  const [, projectId, volunteerId] = ID.exec(id) ?? [];
  if (projectId === undefined || volunteerId === undefined) return undefined;
  const pair = await readPair(on, projectId, volunteerId);
  if (!pair) return undefined;
  const told = {
    kind: "match",
    id,
    title: `Volunteer ${volunteerId} for project ${projectId}, ${pair.name} (${pair.status})`,
    ownerUserId: volunteerId,
    alsoFor: pair.leaders,
  } as const;
  const [project] = await readProjects(on, { ids: [projectId] });
  const volunteer = await readVolunteer(on, volunteerId);
  const match = project && volunteer ? matchOf(project, volunteer) : null;
  const faults = differences([["score", pair.score, expected(pair, match)]]);
  const steps = project && volunteer ? await stepsOf(on, project, volunteer, match) : [];
  return {
    ...told,
    agrees: faults.length === 0,
    faults: faults.map((fault) => `${fault}; the next run of calculate-matches brings it up to date`),
    steps: [...reasonsAgainst(pair, project, volunteer), ...steps, ...listSteps(pair, match)],
  };
}

async function readPair(on: Queryable, projectId: string, volunteerId: string): Promise<Pair | undefined> {
  const [found] = await rows<Pair>(
    on,
    sql`select p.name, p.project_status as status, v.user_id is not null as volunteers,
               array(select p.created_by union select p.team_lead where p.team_lead is not null
                     union select o.user_id from organization_members o
                           where o.organization_id = p.organization_id and o.role = 'owner') as leaders,
               m.match_score as score, coalesce(l.size, 0) as size,
               (select jsonb_build_object('score', w.match_score, 'matchedCount', w.matched_skill_count, 'volunteerId', w.volunteer_id)
                from volunteer_initiative_matches w where w.project_id = p.id and w.volunteer_id <> u.id
                order by w.match_score, w.matched_skill_count, w.volunteer_id desc limit 1) as last,
               (select 1 + count(*)::int from volunteer_initiative_matches w
                where w.project_id = p.id and (w.match_score > m.match_score
                  or w.match_score = m.match_score and (w.matched_skill_count > m.matched_skill_count
                  or w.matched_skill_count = m.matched_skill_count and w.volunteer_id < m.volunteer_id))) as rank,
               ${skipReason(new Date())} as skip
        from projects p join users u on u.id = ${volunteerId}
        left join volunteers v on v.user_id = u.id
        left join volunteer_initiative_matches m on m.project_id = p.id and m.volunteer_id = u.id
        left join project_match_lists l on l.project_id = p.id
        where p.id = ${projectId}`,
  );
  return found;
}

/** What should be stored, as far as one pair can tell: nobody knows of those behind the end of a full list. */
function expected({ score, last }: Pair, match: Match | null): number | null {
  if (match === null) return null;
  if (score !== null) return match.score;
  return last !== null && compareMatches(match, last) < 0 ? match.score : null;
}

function reasonsAgainst(
  pair: Pair,
  project: MatchProject | undefined,
  volunteer: MatchVolunteer | null,
): Step[] {
  const steps: Step[] = [];
  if (!project)
    steps.push(
      step(
        "project",
        pair.status === "recruiting" || pair.status === "active"
          ? "it requires no skill, or more than can be matched: it has no list"
          : `it is ${pair.status}: lists are kept of recruiting and active projects`,
      ),
    );
  if (!pair.volunteers) steps.push(step("volunteer", "they do not volunteer"));
  else if (!volunteer) steps.push(step("volunteer", "their skills are hidden: they are on no list"));
  return steps;
}

async function stepsOf(
  on: Queryable,
  project: MatchProject,
  volunteer: MatchVolunteer,
  match: Match | null,
): Promise<Step[]> {
  const found = await rows<{ id: string; name: string }>(
    on,
    sql`select id, name from skills where id = any(${array(project.requiredSkillIds)}::bigint[])`,
  );
  const names = new Map(found.map(({ id, name }) => [Number(id), name]));
  const weights = weightsOf(project, volunteer);
  const skills = project.requiredSkillIds.map((id, index) => {
    const weight = (weights[index] as number) / 1_000;
    const name = names.get(id) ?? String(id);
    return weight === 0
      ? step("missing", `${name}: counts 0`)
      : step(
          "skill",
          `${name}, weight ${weight}: 0.5 + 0.5 x ${weight} = ${(0.5 + 0.5 * weight).toFixed(4)}`,
        );
  });
  if (match === null)
    return [...skills, step("match", "none of the required skills is there: no match, however near")];
  const required = project.requiredSkillIds.length;
  return [
    ...skills,
    step("skill share", `${(match.skill * required).toFixed(4)} / ${required} required = ${match.skill}`),
    distanceStep(project, volunteer, match),
    step(
      "score",
      match.location === null
        ? `the skill share alone: ${match.score}, told as ${percentOf(match.score)} %`
        : `${MATCH_WEIGHTS.skill} x ${match.skill} + ${MATCH_WEIGHTS.location} x ${match.location} = ${match.score}, told as ${percentOf(match.score)} %`,
    ),
    step("components", `coverage ${match.coverage}, cosine ${match.cosine}, jaccard ${match.jaccard}`),
  ];
}

function distanceStep(project: MatchProject, volunteer: MatchVolunteer, match: Match): Step {
  if (project.remote) return step("distance", "the project is remote: it does not count");
  if (!project.place) return step("distance", "the project has no place: it does not count");
  if (!volunteer.place) return step("distance", "the volunteer has no place: it does not count");
  const { latitude, longitude } = project.place;
  const km = distanceKm(latitude, longitude, volunteer.place.latitude, volunteer.place.longitude);
  return step(
    "distance",
    `${km.toFixed(1)} km: 1 - min(km / ${MATCH_WEIGHTS.reachKm}, 1) = ${match.location}`,
  );
}

function listSteps({ score, size, last, rank, skip }: Pair, match: Match | null): Step[] {
  const steps: Step[] = [];
  if (score !== null) steps.push(step("list", `place ${rank} of ${size}`));
  else if (match === null) steps.push(step("list", "not on it"));
  else if (last !== null && compareMatches(match, last) > 0)
    steps.push(step("list", `not on it: it holds ${size}, and its last has ${last.score}`));
  else steps.push(step("list", "not on it yet: it was worked out before this was so"));
  if (score !== null)
    steps.push(step("notice", skip === null ? "nothing stands against one" : `passed over: ${skip}`));
  return steps;
}
