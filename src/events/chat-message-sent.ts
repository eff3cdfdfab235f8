import { z } from "zod";
import { defineEvent, idField } from "./event.ts";

/** Somebody (the actor) wrote into a thread. The text stands in the message; mentions in it as `@[Name](user:ID)`. */
export const chatMessageSent = defineEvent({
  type: "chat_message_sent",
  payload: z.object({ message_id: idField() }),
});
