import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";
import { distanceKm, percentOf } from "../scoring/project-matching/match.ts";
import { matchReasons } from "../scoring/project-matching/match-reasons.ts";

export type Page = { readonly limit: number; readonly minimumScore: number };

/** A match as people and programs are told of it. */
export type ToldMatch = {
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

export type MatchCandidate = ToldMatch & {
  readonly userId: string;
  readonly name: string;
  readonly availability: string | null;
  readonly calculatedAt: Date;
};

/** Whether a user may look at the candidates of a project: its lead, whoever made it, an owner of its organization, an operator. */
export async function maySeeCandidates(on: Queryable, projectId: string, userId: string): Promise<boolean> {
  const found = await rows(
    on,
    sql`select 1 from projects p where p.id = ${projectId} and (${userId}::bigint in (p.team_lead, p.created_by)
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
  location: number | null;
  matchedCount: number;
  matched: string[];
  missing: string[];
  place: [number, number, number, number] | null;
  calculatedAt: string;
};

/** The stored candidates of a project, best first; nobody who hides their skills by now. */
export async function readMatchCandidates(
  on: Queryable,
  projectId: string,
  page: Page,
): Promise<MatchCandidate[]> {
  const found = await rows<Row>(
    on,
    sql`select m.volunteer_id as "userId", u.name, v.availability, m.match_score as score, m.coverage, m.cosine, m.jaccard,
               m.location_score as location, m.matched_skill_count as "matchedCount", m.calculated_at as "calculatedAt",
               array(select s.name from skills s where s.id = any(m.matched_skill_ids) order by s.name) as matched,
               array(select s.name from project_required_skills r join skills s on s.id = r.skill_id
                     where r.project_id = m.project_id and r.skill_id <> all (m.matched_skill_ids) order by s.name) as missing,
               case when m.location_score is not null
                    then array[p.latitude, p.longitude, v.latitude, v.longitude] end as place
        from volunteer_initiative_matches m
        join projects p on p.id = m.project_id
        join volunteers v on v.user_id = m.volunteer_id and v.skills_visible
        join users u on u.id = m.volunteer_id
        where m.project_id = ${projectId} and m.match_score >= ${page.minimumScore}
        order by m.match_score desc, m.matched_skill_count desc, m.volunteer_id limit ${page.limit}`,
  );
  return found.map(({ userId, name, availability, calculatedAt, place, ...row }) => ({
    userId,
    name,
    availability,
    calculatedAt: new Date(calculatedAt),
    ...toldOf(row, place === null || place.includes(null as never) ? null : distanceKm(...place)),
  }));
}

type Scored = Pick<
  Row,
  "score" | "coverage" | "cosine" | "jaccard" | "location" | "matchedCount" | "matched" | "missing"
>;

/** What is told of a score whose skills have names. */
export function toldOf(row: Scored, km: number | null): ToldMatch {
  const { score, coverage, cosine, jaccard, location, matched, missing } = row;
  return {
    percent: percentOf(score),
    score,
    components: { coverage, cosine, jaccard, location },
    matchedSkills: matched,
    missingSkills: missing,
    reasons: matchReasons({ score: row, matched, missing, distanceKm: km }),
  };
}
