import { z } from "zod";
import { defineEvent, idField } from "./event.ts";

/** A resume of a project has been incomplete for so long that its owner is reminded, for the step-th time. */
export const resumeIncompleteNudge = defineEvent({
  type: "resume_incomplete_nudge",
  payload: z.object({
    user_id: idField(),
    resume_kind: z.enum(["project", "borrower"]),
    completeness: z.int().min(0).max(100),
    step: z.int().min(1).max(4),
  }),
});
