import { z } from "zod";
import { NOTICE_VARIANTS } from "../scoring/project-matching/choose-candidates.ts";
import { defineEvent, idField } from "./event.ts";

/** A project fits a volunteer: for the candidate. */
export const candidateMatched = defineEvent({
  type: "candidate.matched",
  payload: z.object({
    user_id: idField(),
    score: z.number().min(0).max(100).optional(),
    skills: z.array(z.string()).optional(),
    variant: z.enum(NOTICE_VARIANTS).optional(),
  }),
});
