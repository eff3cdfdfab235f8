import { z } from "zod";
import { defineEvent, idField } from "./event.ts";

/** The actor changed what somebody may do with a document. */
export const documentPermissionChanged = defineEvent({
  type: "document_permission_changed",
  payload: z.object({
    affected_user_id: idField(),
    old_permission: z.enum(["none", "view", "edit"]),
    new_permission: z.enum(["none", "view", "edit"]),
  }),
});
