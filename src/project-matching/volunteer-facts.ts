import { sql } from "drizzle-orm";
import { IS_VISIBLE } from "../db/candidacy.ts";
import { array, type Queryable, rows } from "../db/statement.ts";
import { locationOf } from "../scoring/distance.ts";
import type { MatchVolunteer } from "../scoring/project-matching/match.ts";
import { volunteerSkillRows } from "./spellings.ts";

/** Reads volunteers by id. Those who do not volunteer, or hide their skills, are missing. */
export async function readVolunteers(
  tx: Queryable,
  volunteerIds: readonly string[],
): Promise<Map<string, MatchVolunteer>> {
  const found = await rows<{
    id: string;
    latitude: number | null;
    longitude: number | null;
    skills: [skillId: number, weight: number][];
  }>(
    tx,
    sql`select v.user_id as id, v.grid_latitude as latitude, v.grid_longitude as longitude,
               (select coalesce(jsonb_agg(jsonb_build_array(s.skill_id, (s.weight * 1000)::int)), '[]')
                from ${volunteerSkillRows(sql`s.volunteer_id = v.user_id`)} s) as skills
        from volunteers v where v.user_id = any(${array(volunteerIds)}::bigint[]) and ${IS_VISIBLE}`,
  );
  return new Map(
    found.map(({ id, skills, ...columns }) => [
      id,
      { id: Number(id), skills: new Map(skills), location: locationOf(columns) },
    ]),
  );
}

/** Reads one volunteer, at the location of their cell; null as above. */
export const readVolunteer = async (tx: Queryable, volunteerId: string): Promise<MatchVolunteer | null> =>
  (await readVolunteers(tx, [volunteerId])).get(volunteerId) ?? null;
