import { z } from "zod";
import { defineEvent, idField } from "./event.ts";

/** The actor let somebody see a document. */
export const documentPermissionGranted = defineEvent({
  type: "document_permission_granted",
  payload: z.object({ affected_user_id: idField(), new_permission: z.enum(["view", "edit"]) }),
});
