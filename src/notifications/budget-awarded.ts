import { budgetAwarded } from "../events/rewards.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { dayIn } from "./wording.ts";

/** For the winner. */
export const budgetAwardedNotification = defineNotification({
  event: budgetAwarded,
  recipients: userIn("user_id"),
  access: "none",
  inApp: true,
  email: {
    kind: "digest",
    section: "Awards",
    button: "View your award",
    because: "you won a share of a budget",
    about: "awards",
    sample: {
      payload: {
        user_id: "5",
        profile_id: "5",
        organization_id: "1",
        period_id: "9",
        period: "weekly",
        period_start: "2026-03-02",
        rank: 3,
        amount: "18.40",
      },
    },
  },
  text: ({ payload }) => ({
    title: `You won ${payload.amount} tokens`,
    body: `You ranked ${payload.rank} in the ${payload.period} budget that began ${dayIn(payload.period_start)} and won ${bold(payload.amount)} tokens.`,
    link: "/rewards",
  }),
});
