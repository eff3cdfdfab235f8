import { z } from "zod";
import { defineEvent, idField } from "./event.ts";

/** Somebody joined an organization: the one whom the payload names, else the actor. */
export const inviteAccepted = defineEvent({
  type: "invite_accepted",
  payload: z.object({ org_id: idField(), new_member_id: idField().optional() }),
});
