import { z } from "zod";
import { defineEvent, idField } from "./event.ts";

/** The actor brought somebody into a thread. */
export const chatThreadParticipantAdded = defineEvent({
  type: "chat_thread_participant_added",
  payload: z.object({ added_user_id: idField() }),
});
