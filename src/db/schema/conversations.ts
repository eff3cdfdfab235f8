import { index, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { hostId, id, instant, ref } from "./columns.ts";
import { projects } from "./platform.ts";
import { userRef, users } from "./users.ts";

// Conversations, which the host platform fills.

/** A conversation, in a project or between people. */
export const chatThreads = pgTable("chat_threads", {
  id: id(),
  hostId: hostId(),
  projectId: ref().references(() => projects.id, { onDelete: "cascade" }),
  topic: text().notNull().default(""),
  createdAt: instant().notNull().defaultNow(),
});

/** Participants of a conversation, and how far they have read. */
export const chatThreadParticipants = pgTable(
  "chat_thread_participants",
  {
    threadId: ref()
      .notNull()
      .references(() => chatThreads.id, { onDelete: "cascade" }),
    userId: userRef(),
    hostId: hostId(),
    lastReadAt: instant(),
    joinedAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // recipients of a message.
    primaryKey({ columns: [t.threadId, t.userId] }),
    // unread threads of a user.
    index("chat_thread_participants_user").on(t.userId),
  ],
);

/** Messages of a conversation. A mention is `@[Name](user:ID)` in the text. */
export const messages = pgTable(
  "messages",
  {
    id: id(),
    hostId: hostId(),
    threadId: ref()
      .notNull()
      .references(() => chatThreads.id, { onDelete: "cascade" }),
    senderId: ref()
      .notNull()
      .references(() => users.id),
    body: text().notNull(),
    createdAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // unread messages: those of a thread after an instant, oldest first.
    index("messages_thread").on(t.threadId, t.createdAt, t.id),
  ],
);
