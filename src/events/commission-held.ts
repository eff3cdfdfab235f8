import { z } from "zod";
import { defineEvent, ownIdField } from "./event.ts";

/** The commissions of a sale wait for an operator. For operators only. */
export const commissionHeld = defineEvent({
  type: "commission.held",
  payload: z.object({ sale_id: ownIdField(), amount: z.string(), reasons: z.array(z.string()) }),
});
