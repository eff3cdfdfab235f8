import { z } from "zod";
import { defineEvent, idField } from "./event.ts";

/** A meeting of a user begins soon. The time is the one that was reminded of: the meeting may be moved afterwards. */
export const meetingReminder = defineEvent({
  type: "meeting_reminder",
  payload: z.object({
    user_id: idField(),
    start_time: z.iso.datetime({ offset: true }),
    offset_minutes: z.int().min(1),
  }),
});
