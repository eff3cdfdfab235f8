import { sql } from "drizzle-orm";
import { candidacyStop } from "../db/candidacy.ts";
import { CREATOR_BELONGS } from "../db/project-owners.ts";
import { type Queryable, rows } from "../db/statement.ts";
import type { Location } from "../scoring/distance.ts";
import { distanceKm, percentOf } from "../scoring/project-matching/match.ts";
import { matchReasons } from "../scoring/project-matching/match-reasons.ts";
import { requiredSkillIds } from "./spellings.ts";

export type Page = { readonly limit: number; readonly minimumScore: number };

/** A match as shown by the API. */
export type MatchView = {
  readonly percent: number;
  readonly score: number;
  readonly components: {
    readonly coverage: number;
    readonly cosine: number;
    readonly jaccard: number;
    readonly location: number | null;
  };
  readonly matchedSkills: readonly string[];
  readonly missingSkills: readonly string[];
  readonly reasons: readonly string[];
};

export type MatchCandidate = MatchView & {
  readonly userId: string;
  readonly name: string;
  readonly availability: string | null;
  readonly calculatedAt: Date;
};

/**
 * Whether a user may see the candidates of a project: its lead, its creator while they belong to it, an owner
 * of its organization, or an operator.
 */
export async function maySeeCandidates(on: Queryable, projectId: string, userId: string): Promise<boolean> {
  const found = await rows(
    on,
    sql`select 1 from projects p where p.id = ${projectId} and (p.team_lead = ${userId} or (p.created_by = ${userId} and ${CREATOR_BELONGS})
          or exists (select 1 from organization_members o
                     where o.organization_id = p.organization_id and o.user_id = ${userId} and o.role = 'owner')
          or exists (select 1 from users u where u.id = ${userId} and u.is_operator))`,
  );
  return found.length > 0;
}

type Row = {
  userId: string;
  name: string;
  availability: string | null;
  score: number;
  coverage: number;
  cosine: number;
  jaccard: number;
  locationScore: number | null;
  matchedCount: number;
  matched: string[];
  missing: string[];
  /** The locations of project and volunteer; null unless both have one and the location counts. */
  locations: [project: Location, volunteer: Location] | null;
  calculatedAt: string;
};

/**
 * The stored candidates of a project, best first, without those who may not be candidates now: who hide their
 * skills, are on the team, applied, were rejected, or dismissed the project.
 */
export async function readMatchCandidates(
  on: Queryable,
  projectId: string,
  page: Page,
): Promise<MatchCandidate[]> {
  const found = await rows<Row>(
    on,
    sql`select m.volunteer_id as "userId", u.name, v.availability, m.match_score as score, m.coverage, m.cosine, m.jaccard,
               m.location_score as "locationScore", m.matched_skill_count as "matchedCount", m.calculated_at as "calculatedAt",
               array(select s.name from skills s where s.id = any(m.matched_skill_ids) order by s.name) as matched,
               array(select s.name from ${requiredSkillIds(sql`m.project_id`)} r join skills s on s.id = r.skill_id
                     where r.skill_id <> all (m.matched_skill_ids) order by s.name) as missing,
               case when m.location_score is not null and p.latitude is not null and v.grid_latitude is not null
                    then jsonb_build_array(jsonb_build_object('latitude', p.latitude, 'longitude', p.longitude),
                                           jsonb_build_object('latitude', v.grid_latitude, 'longitude', v.grid_longitude)) end as locations
        from volunteer_initiative_matches m
        join projects p on p.id = m.project_id
        join volunteers v on v.user_id = m.volunteer_id
        join users u on u.id = m.volunteer_id
        where m.project_id = ${projectId} and m.match_score >= ${page.minimumScore} and ${candidacyStop(sql`m.volunteer_id`)} is null
        order by m.match_score desc, m.matched_skill_count desc, m.volunteer_id limit ${page.limit}`,
  );
  return found.map(({ userId, name, availability, calculatedAt, locations, ...row }) => ({
    userId,
    name,
    availability,
    calculatedAt: new Date(calculatedAt),
    ...viewOfMatch(row, locations && distanceKm(...locations)),
  }));
}

type Scored = Pick<
  Row,
  "score" | "coverage" | "cosine" | "jaccard" | "locationScore" | "matchedCount" | "matched" | "missing"
>;

/** @param km null when unknown, or when the location does not count. */
export function viewOfMatch(row: Scored, km: number | null): MatchView {
  const { score, coverage, cosine, jaccard, locationScore, matched, missing } = row;
  return {
    percent: percentOf(score),
    score,
    components: { coverage, cosine, jaccard, location: locationScore },
    matchedSkills: matched,
    missingSkills: missing,
    reasons: matchReasons({ score: row, matched, missing, distanceKm: km }),
  };
}
