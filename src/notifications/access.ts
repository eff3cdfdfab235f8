import { type SQL, sql } from "drizzle-orm";
import { CREATOR_BELONGS } from "../db/project-owners.ts";

/** The access or role that a recipient needs to be notified of an event. */
export type AccessKind =
  | "none"
  | "project"
  | "resource"
  | "thread"
  | "meeting"
  | "project-owner"
  | "organization-owner"
  | "operator";

const ownsProject = sql`exists (
  select 1 from projects p where p.id = e.project_id and ((p.created_by = u.id and ${CREATOR_BELONGS}) or exists (
    select 1 from organization_members m
    where m.organization_id = p.organization_id and m.user_id = u.id and m.role = 'owner')))`;

const seesProject = sql`(${ownsProject}
  or exists (select 1 from projects p where p.id = e.project_id and p.team_lead = u.id)
  or exists (select 1 from project_access_grants g where g.project_id = e.project_id and g.user_id = u.id)
  or exists (select 1 from project_members m where m.project_id = e.project_id and m.user_id = u.id))`;

/** A permission for the document itself overrides the access that the project gives, in both directions. */
const seesResource = sql`exists (
  select 1 from resources r left join resource_permissions o on o.resource_id = r.id and o.user_id = u.id
  where r.id = e.resource_id and case when o.permission is null then ${seesProject} else o.permission <> 'none' end)`;

/**
 * The condition of each kind, over `e` (an event: event_id, actor_id, project_id, resource_id, thread_id,
 * meeting_id, payload) and `u` (a user). It holds now, not at the time of the event: users who have lost
 * access since are not notified.
 */
export const ACCESS: Readonly<Record<AccessKind, SQL>> = {
  none: sql`true`,
  project: seesProject,
  resource: seesResource,
  thread: sql`exists (select 1 from chat_thread_participants t where t.thread_id = e.thread_id and t.user_id = u.id)`,
  meeting: sql`exists (
    select 1 from meetings t where t.id = e.meeting_id and (t.organizer_id = u.id or exists (
      select 1 from meeting_participants m where m.meeting_id = t.id and m.user_id = u.id)))`,
  "project-owner": ownsProject,
  "organization-owner": sql`exists (
    select 1 from organization_members m
    where m.organization_id = (e.payload->>'org_id')::bigint and m.user_id = u.id and m.role = 'owner')`,
  operator: sql`u.is_operator`,
};
