import { z } from "zod";
import { defineEvent } from "./event.ts";

/** A volunteer won a part of a budget. One per winner. Amounts are decimal tokens. */
export const budgetAwarded = defineEvent({
  type: "budget.awarded",
  payload: z.object({
    user_id: z.string(),
    profile_id: z.string(),
    organization_id: z.string(),
    period_id: z.string(),
    period: z.enum(["daily", "weekly", "monthly"]),
    period_start: z.string(),
    rank: z.int().min(1),
    amount: z.string(),
  }),
});
