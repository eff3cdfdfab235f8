import { commissionEarned } from "../events/rewards.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";

/** For the beneficiary. */
export const tellCommissionEarned = defineNotification({
  event: commissionEarned,
  recipients: userIn("user_id"),
  access: "none",
  inApp: true,
  emailKind: () => null,
  text: ({ payload }) => ({
    title: `You earned ${payload.amount} tokens`,
    body: `A sale at level ${payload.level} of your referrals earned you ${bold(payload.amount)} tokens.`,
    link: "/rewards",
  }),
});
