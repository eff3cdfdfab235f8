import { type SQL, sql } from "drizzle-orm";

/**
 * Whether a message is by another user, for statements that take the first ones in the order of time. The sum
 * hides the column from the statistics: where one sender wrote almost all messages, the planner expects to
 * find almost none by others, and reads and sorts the whole thread.
 */
export const isByAnother = (message: SQL, userId: SQL): SQL => sql`${message}.sender_id + 0 <> ${userId}`;
