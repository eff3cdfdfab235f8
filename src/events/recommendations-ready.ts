import { z } from "zod";
import { defineEvent, idField } from "./event.ts";

/** There are new recommendations for a user. */
export const recommendationsReady = defineEvent({
  type: "recommendations.ready",
  payload: z.object({ user_id: idField(), count: z.int().min(1) }),
});
