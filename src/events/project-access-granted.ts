import { z } from "zod";
import { defineEvent, idField } from "./event.ts";

/** The actor let somebody into a project. */
export const projectAccessGranted = defineEvent({
  type: "project_access_granted",
  payload: z.object({ affected_user_id: idField(), new_permission: z.enum(["view", "edit"]) }),
});
