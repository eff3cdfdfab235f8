import { z } from "zod";
import { isStorable, UNSTORABLE } from "../../../foreign-text.ts";

const MAX_REASON_LENGTH = 500;

/** Why an operator decided as they did, for the audit log. */
export const reasonBody = z.object({
  reason: z
    .string("must say why, for the audit log")
    .trim()
    .min(1, "must say why, for the audit log")
    .max(MAX_REASON_LENGTH, `must not be longer than ${MAX_REASON_LENGTH} characters`)
    .refine(isStorable, UNSTORABLE),
});
