import { sql } from "drizzle-orm";
import { IS_VISIBLE } from "../db/candidacy.ts";
import { type Queryable, rows } from "../db/statement.ts";
import type { MatchVolunteer } from "../scoring/project-matching/match.ts";

/**
 * The location is that of the cell. @returns null for somebody who does not volunteer, or hides their skills.
 */
export async function readVolunteer(tx: Queryable, volunteerId: string): Promise<MatchVolunteer | null> {
  const [found] = await rows<{
    latitude: number | null;
    longitude: number | null;
    skills: [skillId: number, weight: number][];
  }>(
    tx,
    sql`select v.grid_latitude as latitude, v.grid_longitude as longitude,
               (select coalesce(jsonb_agg(jsonb_build_array(s.skill_id, (s.weight * 1000)::int)), '[]')
                from volunteer_skills s where s.volunteer_id = v.user_id) as skills
        from volunteers v where v.user_id = ${volunteerId} and ${IS_VISIBLE}`,
  );
  if (!found) return null;
  const { latitude, longitude, skills } = found;
  const location = latitude === null || longitude === null ? null : { latitude, longitude };
  return { id: Number(volunteerId), skills: new Map(skills), location };
}
