import { z } from "zod";
import { defineEvent, idField } from "./event.ts";

/** Volunteers fit a project: for its team lead, else for whoever made it. */
export const leadCandidatesFound = defineEvent({
  type: "lead.candidates_found",
  payload: z.object({
    count: z.int().min(1),
    /** Best first; scores in percent, rounded down. */
    candidates: z
      .array(z.object({ user_id: idField(), name: z.string(), score: z.number().min(0).max(100) }))
      .optional(),
  }),
});
