import { type SQL, sql } from "drizzle-orm";
import { IS_VISIBLE } from "../db/candidacy.ts";
import { array } from "../db/statement.ts";
import { MATCH_WEIGHTS } from "../scoring/project-matching/match.ts";
import { IS_MATCHED } from "./project-facts.ts";
import { requiredSkillIds, spellingIds, volunteerSkillRows } from "./spellings.ts";

/** Rounding to a millionth may raise a score by half of one. */
const ROUNDING = 0.000_001;

/**
 * SQL: rows (volunteer_id, id, bound) of the matched projects that require a skill of a volunteer. No score
 * of theirs for the project is above `bound`: it is `scoreBound` of src/scoring/project-matching/match.ts,
 * and a little more for rounding. Materialized: on tables without statistics the planner expects one row, and
 * would aggregate again for each project.
 *
 * @param volunteerIds of volunteers whose skills are visible; there are no rows of others.
 */
export function boundedProjects(volunteerIds: readonly string[]): SQL {
  const { matchedMilli, fullMilli, skill, location } = MATCH_WEIGHTS;
  return sql`
    with r as materialized (
      select s.volunteer_id, s.project_id, sum(${matchedMilli}::int + (s.weight * 1000)::int)::float8 / (${fullMilli}::int *
             (select count(*) from ${requiredSkillIds(sql`s.project_id`)} n)) as skill
      from (select distinct s.volunteer_id, s.skill_id, s.weight, q.project_id
            from ${volunteerSkillRows(sql`s.volunteer_id = any(${array(volunteerIds)}::bigint[])`)} s
            cross join lateral ${spellingIds(sql`s.skill_id`)} k
            join project_required_skills q on q.skill_id = k.id) s
      join volunteers v on v.user_id = s.volunteer_id and ${IS_VISIBLE}
      group by s.volunteer_id, s.project_id)
    select r.volunteer_id, p.id, ${ROUNDING}::float8 + case when p.remote or p.latitude is null or p.longitude is null then r.skill
                                            else ${skill}::float8 * r.skill + ${location}::float8 end as bound
    from r join projects p on p.id = r.project_id where ${IS_MATCHED}`;
}
