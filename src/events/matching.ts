import { z } from "zod";
import { idField } from "../ids.ts";
import { NOTICE_VARIANTS } from "../scoring/project-matching/choose-candidates.ts";
import { defineEvent } from "./event.ts";

/** A volunteer is a match for the event's project. Scores are in percent. */
export const candidateMatched = defineEvent({
  type: "candidate.matched",
  payload: z.object({
    user_id: idField(),
    score: z.number().min(0).max(100).optional(),
    skills: z.array(z.string()).optional(),
    variant: z.enum(NOTICE_VARIANTS).optional(),
  }),
});

/** The event's project has new candidates. For its team lead, or its creator if it has none. */
export const leadCandidatesFound = defineEvent({
  type: "lead.candidates_found",
  payload: z.object({
    count: z.int().min(1),
    /** Best first. Scores are in percent, rounded down. */
    candidates: z
      .array(z.object({ user_id: idField(), name: z.string(), score: z.number().min(0).max(100) }))
      .optional(),
  }),
});

/** A user has new recommendations of job postings. Scores are in percent, rounded down. */
export const recommendationsReady = defineEvent({
  type: "recommendations.ready",
  payload: z.object({
    user_id: idField(),
    count: z.int().min(1),
    /** Best first. Read again for the e-mail, so that the event itself needs none. */
    best: z
      .array(z.object({ title: z.string(), company: z.string(), score: z.number().min(0).max(100) }))
      .optional(),
  }),
});
