import { sql } from "drizzle-orm";

/**
 * Whether the creator of a project `p` still belongs to it: as a member of its organization, its lead, one of
 * its members, or by a grant. If not, they have no special rights.
 */
export const CREATOR_BELONGS = sql`(
  p.team_lead = p.created_by
  or exists (select 1 from organization_members o where o.organization_id = p.organization_id and o.user_id = p.created_by)
  or exists (select 1 from project_members o where o.project_id = p.id and o.user_id = p.created_by)
  or exists (select 1 from project_access_grants o where o.project_id = p.id and o.user_id = p.created_by))`;
