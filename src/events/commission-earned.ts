import { z } from "zod";
import { defineEvent } from "./event.ts";

/** A referrer earned their line of a sale. One per beneficiary. Amounts are decimal tokens. */
export const commissionEarned = defineEvent({
  type: "commission.earned",
  payload: z.object({
    user_id: z.string(),
    profile_id: z.string(),
    sale_id: z.string(),
    level: z.int().min(1).max(5),
    amount: z.string(),
  }),
});
