import { jsonb, pgTable, text } from "drizzle-orm/pg-core";
import { id, instant, ref } from "./columns.ts";

/** Facts that have happened, in the past tense. Append only; the host platform may insert rows too. */
export const domainEvents = pgTable("domain_events", {
  id: id(),
  eventType: text().notNull(),
  actorId: ref(),
  projectId: ref(),
  resourceId: ref(),
  threadId: ref(),
  meetingId: ref(),
  payload: jsonb().notNull().default({}),
  occurredAt: instant().notNull().defaultNow(),
  createdAt: instant().notNull().defaultNow(),
});
