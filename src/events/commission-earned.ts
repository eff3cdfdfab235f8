import { z } from "zod";
import { defineEvent, ownIdField } from "./event.ts";

/** A referrer earned their line of a sale. One per beneficiary. Amounts are decimal tokens. */
export const commissionEarned = defineEvent({
  type: "commission.earned",
  payload: z.object({
    user_id: ownIdField(),
    profile_id: ownIdField(),
    sale_id: ownIdField(),
    level: z.int().min(1).max(5),
    amount: z.string(),
  }),
});
