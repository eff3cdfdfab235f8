import { z } from "zod";
import { ownIdField } from "../../../ids.ts";
import {
  cutMeetings,
  decideReminders,
  type MeetingRange,
  readReminderCandidates,
  recordReminders,
} from "../../../nudges/meeting-reminders.ts";
import { tallyOf } from "../../../nudges/tally.ts";
import { defineJob } from "../../../queues/job.ts";
import { done, skipped } from "../../../queues/outcome.ts";

/** Settling an offset and telling of it are one transaction: a reminder is neither lost nor given twice. */
export const meetingReminders = defineJob({
  name: "meeting-reminders",
  queue: "notifications",
  description: "Reminds the participants of meetings that begin soon, each at the times that they chose.",
  payload: z.object({
    meetingId: ownIdField()
      .optional()
      .describe("of this meeting alone, by its id; default: of all that begin soon"),
  }),
  key: ({ meetingId }) => meetingId ?? "all",
  cut: ({ meetingId }, { tx, now }) => cutMeetings(tx, meetingId ?? null, now),
  run: async (range: MeetingRange, { tx, now, remark }) => {
    const decided = decideReminders(await readReminderCandidates(tx, range, now), now);
    for (const { candidate, decision } of decided) {
      remark({
        about: `meeting ${candidate.meetingId}, user ${candidate.userId}`,
        decision: decision.kind === "none" ? decision.reason : `reminded (${decision.offsetMinutes} minutes)`,
      });
    }
    const reminded = await recordReminders(tx, decided, now);
    return done({ reminded, ...tallyOf(decided.map(({ decision }) => decision)) });
  },
  sum: async (_payload, counts) =>
    Object.keys(counts).length === 0 ? skipped("no meeting begins soon") : done({ reminded: 0, ...counts }),
});
