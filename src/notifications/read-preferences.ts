import { sql } from "drizzle-orm";
import type { notificationPreferences } from "../db/schema/notifications.ts";
import { array, type Queryable, rows } from "../db/statement.ts";
import { groupBy } from "../group-by.ts";
import type { Preference } from "../scoring/notifications/preference.ts";

type Columns = typeof notificationPreferences.$inferSelect;
type PreferenceRow = Pick<Columns, "scopeType" | "eventType" | "channel" | "status"> & {
  userId: string;
  scopeId: string | null;
};

/**
 * Reads the preferences of users for some event types, by user, in one statement. If it fails, so does the
 * caller: an error must not unmute anyone.
 */
export async function readPreferences(
  db: Queryable,
  userIds: readonly string[],
  eventTypes: readonly string[],
): Promise<Map<string, Preference[]>> {
  if (userIds.length === 0) return new Map();
  const found = await rows<PreferenceRow>(
    db,
    sql`select user_id as "userId", scope_type as "scopeType", scope_id as "scopeId", event_type as "eventType", channel, status
        from notification_preferences
        where user_id = any(${array(userIds)}::bigint[]) and event_type = any(${array(["*", ...eventTypes])}::text[])`,
  );
  return groupBy(found, ({ userId }) => userId);
}
