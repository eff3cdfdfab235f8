import { budgetAwarded } from "../events/rewards.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { dayIn } from "./wording.ts";

/** For the winner. */
export const tellBudgetAwarded = defineNotification({
  event: budgetAwarded,
  recipients: userIn("user_id"),
  access: "none",
  inApp: true,
  emailKind: () => "digest",
  text: ({ payload }) => ({
    title: `You won ${payload.amount} tokens`,
    body: `Rank ${payload.rank} of the ${payload.period} budget that began ${dayIn(payload.period_start)} brings you ${bold(payload.amount)} tokens.`,
    link: "/rewards",
  }),
});
