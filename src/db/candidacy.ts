import { type SQL, sql } from "drizzle-orm";

/**
 * Why a volunteer `v` is no candidate of a project `p`, whatever their score; null if they may be one.
 * @param volunteerId the id of the volunteer.
 */
export const candidacyStop = (volunteerId: SQL): SQL => sql`case
    when not v.skills_visible then 'hidden'
    when ${volunteerId} in (p.team_lead, p.created_by)
      or exists (select 1 from project_members t where t.project_id = p.id and t.user_id = ${volunteerId})
      or exists (select 1 from project_team_members t
                 where t.project_id = p.id and t.user_id = ${volunteerId} and t.status in ('invited', 'active')) then 'on-the-team'
    when exists (select 1 from project_applications a
                 where a.project_id = p.id and a.user_id = ${volunteerId} and a.status = 'rejected')
      or exists (select 1 from project_team_members t
                 where t.project_id = p.id and t.user_id = ${volunteerId} and t.status = 'removed') then 'rejected'
    when exists (select 1 from project_applications a where a.project_id = p.id and a.user_id = ${volunteerId}) then 'applied'
  end`;

/** Whether a project `p` looks for people. */
export const IS_OPEN = sql`p.project_status in ('recruiting', 'active')`;
