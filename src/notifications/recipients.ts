import { sql } from "drizzle-orm";

// Selects of (event_id, user_id) over `e`, the events of one type in a group.

/** The user whom a field of the payload names. */
export const userIn = (field: string) =>
  sql`select e.event_id, (e.payload->>${field}::text)::bigint as user_id from e`;

/** Owners of the event's project: of its organization, and whoever made it. */
export const projectOwners = sql`
  select e.event_id, p.created_by as user_id from e join projects p on p.id = e.project_id
  union
  select e.event_id, m.user_id from e join projects p on p.id = e.project_id
  join organization_members m on m.organization_id = p.organization_id and m.role = 'owner'`;
