import { z } from "zod";
import { defineEvent, idField } from "./event.ts";

/** Somebody was asked to a meeting by the actor. */
export const meetingInvited = defineEvent({
  type: "meeting_invited",
  payload: z.object({ invited_user_id: idField() }),
});
