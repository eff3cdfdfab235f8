import { sql } from "drizzle-orm";
import { IS_VISIBLE } from "../db/candidacy.ts";
import { array, type Queryable, rows } from "../db/statement.ts";
import { skipReason } from "../project-matching/notice-rules.ts";
import { readProjects } from "../project-matching/project-facts.ts";
import { readVolunteer } from "../project-matching/volunteer-facts.ts";
import { distanceText } from "../scoring/distance.ts";
import type { NoticeSkipReason } from "../scoring/project-matching/choose-candidates.ts";
import {
  compareMatches,
  distanceKm,
  MATCH_WEIGHTS,
  type Match,
  type MatchProject,
  type MatchRank,
  type MatchVolunteer,
  matchOf,
  percentOf,
  weightsOf,
} from "../scoring/project-matching/match.ts";
import { MAX_REQUIRED_SKILLS } from "../scoring/project-matching/match-search.ts";
import { type Explanation, mismatches, rowOf, type Step, step } from "./explanation.ts";

const ID = /^([1-9]\d{0,14}):([1-9]\d{0,14})$/;

/** The stored facts about a pair. */
type Pair = {
  name: string;
  status: string;
  /** Users who may see the candidates of the project. */
  leaders: string[];
  isVolunteer: boolean;
  /** Whether they show their skills now. */
  isVisible: boolean;
  /** Null when the volunteer is not on the list. */
  score: number | null;
  rank: number;
  size: number;
  /** The last row of the others. */
  lastOther: MatchRank | null;
  skip: NoticeSkipReason | null;
};

/**
 * Explains the match `<projectId>:<volunteerId>`: scores the pair as it is now, compares that with what is
 * stored, and says why the volunteer is not on the list when they are not. Of hidden skills it says only
 * that they are hidden.
 */
export async function explainMatch(on: Queryable, id: string): Promise<Explanation | undefined> {
  const [, projectId, volunteerId] = ID.exec(id) ?? [];
  if (projectId === undefined || volunteerId === undefined) return undefined;
  const pair = await readPair(on, projectId, volunteerId);
  if (!pair) return undefined;
  const header = {
    kind: "match",
    id,
    title: `Volunteer ${rowOf("users", volunteerId)} for project ${rowOf("projects", projectId)}, ${pair.name} (${pair.status})`,
    ownerUserId: volunteerId,
    // Users who run the project may see its candidates, but nobody else.
    alsoFor: pair.score !== null && pair.isVisible ? pair.leaders : [],
  } as const;
  const [project] = await readProjects(on, { ids: [projectId] });
  const volunteer = await readVolunteer(on, volunteerId);
  const match = project && volunteer ? matchOf(project, volunteer) : null;
  const faults = mismatches([["score", pair.score, expected(pair, match)]]);
  const steps = project && volunteer ? await stepsOf(on, project, volunteer, match) : [];
  return {
    ...header,
    agrees: faults.length === 0,
    faults: faults.map((fault) => `${fault}; the next run of calculate-matches will update it`),
    steps: [...reasonsAgainst(pair, project, volunteer), ...steps, ...listSteps(pair, match)],
  };
}

async function readPair(on: Queryable, projectId: string, volunteerId: string): Promise<Pair | undefined> {
  const [found] = await rows<Pair>(
    on,
    sql`select p.name, p.project_status as status, v.user_id is not null as "isVolunteer",
               coalesce(${IS_VISIBLE}, false) as "isVisible",
               array(select p.created_by union select p.team_lead where p.team_lead is not null
                     union select o.user_id from organization_members o
                           where o.organization_id = p.organization_id and o.role = 'owner') as leaders,
               m.match_score as score, coalesce(l.size, 0) as size,
               (select jsonb_build_object('score', w.match_score, 'matchedCount', w.matched_skill_count, 'volunteerId', w.volunteer_id)
                from volunteer_initiative_matches w where w.project_id = p.id and w.volunteer_id <> u.id
                order by w.match_score, w.matched_skill_count, w.volunteer_id desc limit 1) as "lastOther",
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

/**
 * The score that should be stored, as far as the stored list shows: candidates beyond its end are not stored.
 */
function expected({ score, lastOther }: Pair, match: Match | null): number | null {
  if (match === null) return null;
  if (score !== null) return match.score;
  return lastOther !== null && compareMatches(match, lastOther) < 0 ? match.score : null;
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
          ? `it has no list: it requires no skill, or more than ${MAX_REQUIRED_SKILLS}`
          : `it has no list: it is ${pair.status}, and only recruiting and active projects have one`,
      ),
    );
  if (!pair.isVolunteer) steps.push(step("volunteer", "not registered as a volunteer"));
  else if (!volunteer) steps.push(step("volunteer", "on no list: their skills are hidden"));
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
    return [...skills, step("match", "none: no required skill matches, whatever the distance")];
  const required = project.requiredSkillIds.length;
  return [
    ...skills,
    step("skill share", `${(match.skill * required).toFixed(4)} / ${required} required = ${match.skill}`),
    distanceStep(project, volunteer, match),
    step(
      "score",
      match.locationScore === null
        ? `the skill share alone: ${match.score}, shown as ${percentOf(match.score)} %`
        : `${MATCH_WEIGHTS.skill} x ${match.skill} + ${MATCH_WEIGHTS.location} x ${match.locationScore} = ${match.score}, shown as ${percentOf(match.score)} %`,
    ),
    step("components", `coverage ${match.coverage}, cosine ${match.cosine}, jaccard ${match.jaccard}`),
  ];
}

function distanceStep(project: MatchProject, volunteer: MatchVolunteer, match: Match): Step {
  if (project.remote) return step("distance", "does not count: the project is remote");
  if (!project.location) return step("distance", "does not count: the project has no location");
  if (!volunteer.location) return step("distance", "does not count: the volunteer has no location");
  const km = distanceKm(project.location, volunteer.location);
  return step(
    "distance",
    `${distanceText(km)}: 1 - min(km / ${MATCH_WEIGHTS.reachKm}, 1) = ${match.locationScore}`,
  );
}

function listSteps({ score, size, lastOther, rank, skip }: Pair, match: Match | null): Step[] {
  const steps: Step[] = [];
  if (score !== null) steps.push(step("list", `rank ${rank} of ${size}`));
  else if (match === null) steps.push(step("list", "not on it"));
  else if (lastOther !== null && compareMatches(match, lastOther) > 0)
    steps.push(step("list", `not on it: it holds ${size}, and the last one scores ${lastOther.score}`));
  else steps.push(step("list", "not on it yet: it was computed before the profiles were as they are now"));
  if (score !== null)
    steps.push(step("notice", skip === null ? "no rule forbids one" : `forbidden by the rule ${skip}`));
  return steps;
}
