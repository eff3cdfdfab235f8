import { z } from "zod";
import { defineEvent, idField } from "./event.ts";

/** The actor changed what somebody may do in a project. */
export const projectAccessChanged = defineEvent({
  type: "project_access_changed",
  payload: z.object({
    affected_user_id: idField(),
    old_permission: z.enum(["view", "edit"]),
    new_permission: z.enum(["view", "edit"]),
  }),
});
