import { z } from "zod";
import { defineEvent } from "../../../src/events/event.ts";
import { idField } from "../../../src/ids.ts";

/** The actor approved a task of a volunteer. */
export const taskApproved = defineEvent({
  type: "task.approved",
  payload: z.object({ user_id: idField(), assignment_id: idField(), title: z.string() }),
});
