import { z } from "zod";
import { calendarConnections } from "../db/schema/calendar.ts";
import { idField } from "../ids.ts";
import { defineEvent } from "./event.ts";

/** A user's calendar can no longer be read and has to be connected again. */
export const calendarActionRequired = defineEvent({
  type: "calendar.action_required",
  payload: z.object({
    user_id: idField(),
    connection_id: idField(),
    provider: z.enum(calendarConnections.provider.enumValues),
  }),
});
