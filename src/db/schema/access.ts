import { pgTable, text } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

/**
 * Sessions of the dashboard that were signed out before they expired. Expired rows are deleted with the next
 * one.
 */
export const endedSessions = pgTable("ended_sessions", {
  id: text().primaryKey(),
  expiresAt: instant().notNull(),
});
