import { z } from "zod";
import { budgetPeriods } from "../db/schema/budgets.ts";
import { ownIdField } from "../ids.ts";
import { defineEvent } from "./event.ts";

// Amounts are decimal tokens.

/** A referrer earned a commission from a sale. One event per beneficiary. */
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

/** The commissions of a sale are held for review by an operator. Only operators are notified. */
export const commissionHeld = defineEvent({
  type: "commission.held",
  payload: z.object({ sale_id: ownIdField(), amount: z.string(), reasons: z.array(z.string()) }),
});

/** A volunteer won a share of a budget. One event per winner. */
export const budgetAwarded = defineEvent({
  type: "budget.awarded",
  payload: z.object({
    user_id: ownIdField(),
    profile_id: ownIdField(),
    organization_id: ownIdField(),
    period_id: ownIdField(),
    period: z.enum(budgetPeriods.periodType.enumValues),
    period_start: z.string(),
    rank: z.int().min(1),
    amount: z.string(),
  }),
});
