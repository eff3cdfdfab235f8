import { z } from "zod";
import { idField } from "../../../ids.ts";
import { settleReader } from "../../../notifications/settle-reading.ts";
import { defineJob } from "../../../queues/job.ts";
import { done, Snooze, skipped } from "../../../queues/outcome.ts";

/** A host's transaction that reads a thread takes a few milliseconds. */
const READING_MS = 1_000;

/**
 * Follows notify-fan-out for a participant who read a thread in a transaction that was open when it counted.
 */
export const settleUnreadCount = defineJob({
  name: "settle-unread-count",
  queue: "notifications",
  description: "Settles the unread count of a participant who read the thread while messages were counted.",
  payload: z.object({
    threadId: idField().describe("id of the thread"),
    userId: idField().describe("id of the participant"),
  }),
  key: ({ threadId, userId }) => `${threadId}:${userId}`,
  run: async (reader, { tx }) => {
    const result = await settleReader(tx, reader);
    if (result === "reading") throw new Snooze(READING_MS, "the participant is reading");
    return result === "gone" ? skipped("the participant has left the thread") : done();
  },
});
