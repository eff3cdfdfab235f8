import { z } from "zod";
import { defineEvent, ownIdField } from "./event.ts";

/** A volunteer won a part of a budget. One per winner. Amounts are decimal tokens. */
export const budgetAwarded = defineEvent({
  type: "budget.awarded",
  payload: z.object({
    user_id: ownIdField(),
    profile_id: ownIdField(),
    organization_id: ownIdField(),
    period_id: ownIdField(),
    period: z.enum(["daily", "weekly", "monthly"]),
    period_start: z.string(),
    rank: z.int().min(1),
    amount: z.string(),
  }),
});
