import { sql } from "drizzle-orm";
import { IS_OPEN, IS_VISIBLE } from "../db/candidacy.ts";
import { type Queryable, rows } from "../db/statement.ts";
import {
  type NoCandidatesReason,
  type NoMatchesReason,
  type ProjectListFacts,
  type VolunteerFacts,
  whyNoCandidates,
  whyNoMatches,
} from "../scoring/project-matching/empty-list.ts";
import { MAX_REQUIRED_SKILLS } from "../scoring/project-matching/match-search.ts";
import { readOwnMatches } from "./own-matches.ts";
import { readMatchCandidates } from "./project-candidates.ts";
import { IS_MATCHED } from "./project-facts.ts";
import { boundedProjects } from "./score-bound.ts";
import { requiredSkillIds, spellingIds } from "./spellings.ts";

/** Why a list is empty, as shown by the API and the command line. */
export type EmptyList<Reason extends string> = { readonly reason: Reason; readonly message: string };

const BEST_OF_ALL = { limit: 1, minimumScore: 0 };

const NO_MATCHES: Readonly<Record<Exclude<NoMatchesReason, "below-min-score">, string>> = {
  "not-a-volunteer": "The user is not registered as a volunteer.",
  deactivated: "The user is deactivated.",
  "skills-hidden": "The user hides their skills: they are on no list.",
  "no-skills": "The user has no skills.",
  "no-open-projects": "No open project requires skills.",
  "no-required-skill": "No open project requires a skill of the user.",
  "none-left":
    "Every project that requires a skill of the user was dismissed by them, has them on the team, or has an application of theirs.",
};

const NO_CANDIDATES: Readonly<Record<Exclude<NoCandidatesReason, "below-min-score">, string>> = {
  "not-open": "The project is not open: only recruiting and active projects have candidates.",
  "no-skills-required": "The project requires no skills.",
  "too-many-skills-required": `The project requires more than ${MAX_REQUIRED_SKILLS} skills.`,
  "not-calculated": "The candidates were not calculated yet: calculate-matches runs every hour.",
  "no-volunteer-matches": "No volunteer who shows their skills has a required one.",
  "none-left":
    "Every matching volunteer is on the team, applied, was rejected, dismissed the project, or hides their skills now.",
};

const belowMinimum = (best: number | null): string => `The best score is ${best}, below the minimum.`;

/** Why a user has no matches. Call it only for an empty list. */
export async function explainNoMatches(on: Queryable, userId: string): Promise<EmptyList<NoMatchesReason>> {
  const [best] = await readOwnMatches(on, userId, BEST_OF_ALL);
  const [found] = await rows<Omit<VolunteerFacts, "best">>(
    on,
    sql`select v.user_id is not null as "isVolunteer", u.deactivated_at is null as "isActive",
               coalesce(v.skills_visible, false) as "skillsVisible",
               (select count(*)::int from volunteer_skills s where s.volunteer_id = u.id) as skills,
               (select count(*)::int from projects p where ${IS_MATCHED}) as projects,
               (select count(*)::int from (${boundedProjects([userId])}) b) as related
        from users u left join volunteers v on v.user_id = u.id where u.id = ${userId}`,
  );
  if (!found) throw new Error(`There is no user ${userId}.`);
  const reason = whyNoMatches({ ...found, best: best?.score ?? null });
  return {
    reason,
    message: reason === "below-min-score" ? belowMinimum(best?.score ?? null) : NO_MATCHES[reason],
  };
}

/** Why a project has no candidates. Call it only for an empty list. */
export async function explainNoCandidates(
  on: Queryable,
  projectId: string,
): Promise<EmptyList<NoCandidatesReason>> {
  const [best] = await readMatchCandidates(on, projectId, BEST_OF_ALL);
  const [found] = await rows<Omit<ProjectListFacts, "best" | "maxRequiredSkills">>(
    on,
    sql`select ${IS_OPEN} as "isOpen",
               exists (select 1 from ${requiredSkillIds(sql`p.id`)} q cross join lateral ${spellingIds(sql`q.skill_id`)} k
                       join volunteer_skills s on s.skill_id = k.id
                       join volunteers v on v.user_id = s.volunteer_id and ${IS_VISIBLE}) as "hasMatches",
               (select count(*)::int from project_required_skills q where q.project_id = p.id) as "requiredSkills",
               (select count(*)::int from volunteer_initiative_matches m where m.project_id = p.id) as listed
        from projects p where p.id = ${projectId}`,
  );
  if (!found) throw new Error(`There is no project ${projectId}.`);
  const reason = whyNoCandidates({
    ...found,
    maxRequiredSkills: MAX_REQUIRED_SKILLS,
    best: best?.score ?? null,
  });
  return {
    reason,
    message: reason === "below-min-score" ? belowMinimum(best?.score ?? null) : NO_CANDIDATES[reason],
  };
}
