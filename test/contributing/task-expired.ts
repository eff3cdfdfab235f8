import { z } from "zod";
import { defineEvent } from "../../src/events/event.ts";
import { ownIdField } from "../../src/ids.ts";

/** A volunteer did not hand in a task in time. */
export const taskExpired = defineEvent({
  type: "task.expired",
  payload: z.object({ user_id: ownIdField(), assignment_id: ownIdField() }),
});
