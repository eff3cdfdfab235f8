import { sql } from "drizzle-orm";
import type { Queryable } from "../statement.ts";
import { CHANGES_KEPT_MS } from "./read-changes.ts";

/** Closes change feeds whose readers would be refused, so that their changes are no longer recorded. */
export const closeUnreadFeeds = (on: Queryable, now: Date): Promise<unknown> =>
  on.execute(
    sql`delete from change_feeds where read_at < ${new Date(now.getTime() - CHANGES_KEPT_MS - 86_400_000)}::timestamptz`,
  );
