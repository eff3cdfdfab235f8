import { type SQL, sql } from "drizzle-orm";
import { CREATOR_BELONGS } from "../db/project-owners.ts";

// Selects of (event_id, user_id) over `e`, the events of one type in a group. They may hold duplicates, and
// are read up to a limit: `union all` lets Postgres stop there.

/** The user whose id is in a field of the payload. */
export const userIn = (field: string): SQL =>
  sql`select e.event_id, (e.payload->>${field}::text)::bigint as user_id from e`;

/** The owners of the event's project: its creator while they belong to it, and those of its organization. */
export const projectOwners = sql`
  select e.event_id, p.created_by as user_id from e join projects p on p.id = e.project_id
  where ${CREATOR_BELONGS}
  union all
  select e.event_id, m.user_id from e join projects p on p.id = e.project_id
  join organization_members m on m.organization_id = p.organization_id and m.role = 'owner'`;

/** The hash by which addresses are stored if they need not be readable: SHA-256 of the lower-case address. */
export const hashOfAddress = (address: SQL): SQL => sql`sha256(convert_to(lower(btrim(${address})), 'UTF8'))`;

/** Whether the recipient of a pending item `i` (keep-where.ts) has the permission that its payload states. */
export const HAS_PERMISSION = sql`not exists (
  select 1 from project_access_grants g
  where g.project_id = i.project_id and g.user_id = i.user_id and g.permission <> i.payload->>'new_permission')`;
