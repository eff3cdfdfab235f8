import { type SQL, sql } from "drizzle-orm";

/**
 * Whether a volunteer `v` may be a candidate at all: they show their skills, and are active. Deactivated
 * users are few, so this is a cheap index lookup for each volunteer, or one for all.
 */
export const IS_VISIBLE = sql`(v.skills_visible
  and not exists (select 1 from users d where d.id = v.user_id and d.deactivated_at is not null))`;

/**
 * Why a volunteer `v` is no candidate of a project `p`, whatever their score; null if they may be one.
 * @param volunteerId the id of the volunteer.
 */
export const candidacyStop = (volunteerId: SQL): SQL => sql`case
    when not ${IS_VISIBLE} then 'hidden'
    when ${volunteerId} in (p.team_lead, p.created_by)
      or exists (select 1 from project_members t where t.project_id = p.id and t.user_id = ${volunteerId})
      or exists (select 1 from project_team_members t
                 where t.project_id = p.id and t.user_id = ${volunteerId} and t.status in ('invited', 'active')) then 'on-the-team'
    when exists (select 1 from project_applications a
                 where a.project_id = p.id and a.user_id = ${volunteerId} and a.status = 'rejected')
      or exists (select 1 from project_team_members t
                 where t.project_id = p.id and t.user_id = ${volunteerId} and t.status = 'removed') then 'rejected'
    when exists (select 1 from project_applications a where a.project_id = p.id and a.user_id = ${volunteerId}) then 'applied'
    when exists (select 1 from match_dismissals d where d.project_id = p.id and d.user_id = ${volunteerId}) then 'dismissed'
  end`;

/** Whether a project `p` looks for people. */
export const IS_OPEN = sql`p.project_status in ('recruiting', 'active')`;
