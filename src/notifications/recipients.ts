import { type SQL, sql } from "drizzle-orm";

// Selects of (event_id, user_id) over `e`, the events of one type in a group.

/** The user whose id is in a field of the payload. */
export const userIn = (field: string): SQL =>
  sql`select e.event_id, (e.payload->>${field}::text)::bigint as user_id from e`;

/** The owners of the event's project: its creator, and the owners of its organization. */
export const projectOwners = sql`
  select e.event_id, p.created_by as user_id from e join projects p on p.id = e.project_id
  union
  select e.event_id, m.user_id from e join projects p on p.id = e.project_id
  join organization_members m on m.organization_id = p.organization_id and m.role = 'owner'`;

/**
 * The form in which addresses are stored where nobody has to read them: SHA-256 of the lower-case address.
 */
export const hashOfAddress = (address: SQL): SQL => sql`sha256(convert_to(lower(btrim(${address})), 'UTF8'))`;
