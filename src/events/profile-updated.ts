import { z } from "zod";
import { defineEvent, idField } from "./event.ts";

/** What a volunteer brings, or where they are, has changed: their place in the lists of projects is worked out anew. */
export const profileUpdated = defineEvent({
  type: "profile.updated",
  payload: z.object({ user_id: idField() }),
});
