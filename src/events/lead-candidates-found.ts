import { z } from "zod";
import { defineEvent } from "./event.ts";

/** Volunteers fit a project: for its team lead, else for whoever made it. */
export const leadCandidatesFound = defineEvent({
  type: "lead.candidates_found",
  payload: z.object({ count: z.int().min(1) }),
});
