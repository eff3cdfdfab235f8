import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";

/** The users who were active in the last seven days. The feeds of others are computed when they come back. */
export async function activeUsers(on: Queryable, now: Date): Promise<string[]> {
  const found = await rows<{ id: string }>(
    on,
    sql`select id from users where last_active_at > ${now}::timestamptz - interval '7 days' and deactivated_at is null and erased_at is null
        order by id`,
  );
  return found.map(({ id }) => id);
}
