import { commissionEarned } from "../events/rewards.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";

/** For the beneficiary. */
export const commissionEarnedNotification = defineNotification({
  event: commissionEarned,
  recipients: userIn("user_id"),
  access: "none",
  inApp: true,
  email: null,
  text: ({ payload }) => ({
    title: `You earned ${payload.amount} tokens`,
    body: `A token sale to a level ${payload.level} referral earned you ${bold(payload.amount)} tokens.`,
    link: "/rewards",
  }),
});
