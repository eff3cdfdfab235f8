import { z } from "zod";
import { defineEvent } from "./event.ts";

/** The actor changed a meeting: its time, who takes part, or something else. */
export const meetingUpdated = defineEvent({
  type: "meeting_updated",
  payload: z.object({
    changes: z
      .object({ time: z.boolean().default(false), participants: z.boolean().default(false) })
      .default({ time: false, participants: false }),
  }),
});
