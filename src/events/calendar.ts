import { z } from "zod";
import { calendarConnections } from "../db/schema/calendar.ts";
import { idField } from "../ids.ts";
import { defineEvent } from "./event.ts";

/** The actor invited a user to a meeting. */
export const meetingInvited = defineEvent({
  type: "meeting_invited",
  payload: z.object({ invited_user_id: idField() }),
});

/** The actor changed a meeting: its time, its participants, or something else. */
export const meetingUpdated = defineEvent({
  type: "meeting_updated",
  payload: z.object({
    changes: z
      .object({ time: z.boolean().default(false), participants: z.boolean().default(false) })
      .default({ time: false, participants: false }),
  }),
});

/** A user's calendar can no longer be read and has to be connected again. */
export const calendarActionRequired = defineEvent({
  type: "calendar.action_required",
  payload: z.object({
    user_id: idField(),
    connection_id: idField(),
    provider: z.enum(calendarConnections.provider.enumValues),
  }),
});
