import { index, pgTable, text } from "drizzle-orm/pg-core";
import { bytes, instant } from "./columns.ts";
import { userRef } from "./users.ts";

/**
 * Sessions of the dashboard that were signed out before they expired. Expired rows are deleted with the next
 * one.
 */
export const endedSessions = pgTable("ended_sessions", {
  id: text().primaryKey(),
  expiresAt: instant().notNull(),
});

/**
 * Tickets for streams of notifications, each of which opens one stream shortly after it was issued: browsers
 * cannot send a header with it. Expired rows are deleted with the next one.
 */
export const streamTickets = pgTable(
  "stream_tickets",
  {
    /** SHA-256 of the ticket. */
    ticketHash: bytes().primaryKey(),
    userId: userRef(),
    expiresAt: instant().notNull(),
    /** When the token expires that the ticket was issued for: the stream ends then. */
    streamEndsAt: instant().notNull(),
  },
  (t) => [
    // issuing a ticket: those that have expired.
    index("stream_tickets_expires").on(t.expiresAt),
    // erasing a user.
    index("stream_tickets_user").on(t.userId),
  ],
);
