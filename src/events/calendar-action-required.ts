import { z } from "zod";
import { defineEvent, idField } from "./event.ts";

/** The calendar of a user cannot be read any more until they connect it again. */
export const calendarActionRequired = defineEvent({
  type: "calendar.action_required",
  payload: z.object({ user_id: idField(), connection_id: idField(), provider: z.enum(["google"]) }),
});
