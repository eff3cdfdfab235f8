import { sql } from "drizzle-orm";
import { IS_OPEN } from "../db/candidacy.ts";
import { type Queryable, rows } from "../db/statement.ts";

/**
 * Records that a user does not want to be matched with an open project. @returns false if there is no such
 * project.
 */
export async function dismissMatch(
  on: Queryable,
  projectId: string,
  userId: string,
  now: Date,
): Promise<boolean> {
  const open = await rows(on, sql`select 1 from projects p where p.id = ${projectId} and ${IS_OPEN}`);
  if (open.length === 0) return false;
  await on.execute(
    sql`insert into match_dismissals (project_id, user_id, dismissed_at) values (${projectId}, ${userId}, ${now})
        on conflict do nothing`,
  );
  return true;
}

/** Takes a dismissal back. @returns false if there was none. */
export async function restoreMatch(on: Queryable, projectId: string, userId: string): Promise<boolean> {
  const removed = await on.execute(
    sql`delete from match_dismissals where project_id = ${projectId} and user_id = ${userId}`,
  );
  return (removed.rowCount ?? 0) > 0;
}
