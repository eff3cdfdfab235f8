import { z } from "zod";
import { ownIdField } from "../../../ids.ts";
import {
  cutMeetings,
  decideReminders,
  meetingRange,
  readReminderCandidates,
  recordReminders,
} from "../../../nudges/meeting-reminders.ts";
import { defineJob } from "../../../queues/job.ts";
import { countReasons, done, skipped } from "../../../queues/outcome.ts";

/**
 * An offset is recorded and its event emitted in one transaction, so a reminder is neither lost nor sent
 * twice.
 */
export const meetingReminders = defineJob({
  name: "meeting-reminders",
  queue: "notifications",
  description: "Reminds participants of upcoming meetings, at the offsets that each of them chose.",
  payload: z.object({
    meetingId: ownIdField()
      .optional()
      .describe("only this meeting; default: all that start within 30 minutes"),
  }),
  key: ({ meetingId }) => meetingId ?? "all",
  range: meetingRange,
  cut: ({ meetingId }, { tx, now }) => cutMeetings(tx, meetingId ?? null, now),
  run: async (range, { tx, now, remark }) => {
    const decided = decideReminders(await readReminderCandidates(tx, range, now), now);
    for (const { candidate, decision } of decided) {
      remark({
        about: `meeting ${candidate.meetingId}, user ${candidate.userId}`,
        decision: decision.kind === "none" ? decision.reason : `reminded (${decision.offsetMinutes} minutes)`,
      });
    }
    const reminded = await recordReminders(tx, decided, now);
    return done({ reminded, ...countReasons(decided.map(({ decision }) => decision)) });
  },
  sum: async (_payload, counts) =>
    Object.keys(counts).length === 0
      ? skipped("no meeting starts within 30 minutes")
      : done({ reminded: 0, ...counts }),
});
