import { commissionEarned } from "../events/rewards.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";

/** For the beneficiary. */
export const commissionEarnedNotification = defineNotification({
  event: commissionEarned,
  recipients: userIn("user_id"),
  access: "none",
  inApp: true,
  email: null,
  texts: {
    title: "You earned {amount} tokens",
    body: "A token sale to a level {level} referral earned you **{amount}** tokens.",
  },
  text: ({ payload }, { plain, markdown, ...formats }) => {
    const amount = formats.amount(payload.amount);
    return {
      title: plain("title", { amount }),
      body: markdown("body", { level: payload.level, amount }),
      link: "/rewards",
    };
  },
});
