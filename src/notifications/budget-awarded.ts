import { budgetAwarded } from "../events/rewards.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";

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
    reason: "You get this because you won a share of a budget.",
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
  texts: {
    title: "You won {amount} tokens",
    daily: "You ranked {rank} in the daily budget that began {day} and won **{amount}** tokens.",
    weekly: "You ranked {rank} in the weekly budget that began {day} and won **{amount}** tokens.",
    monthly: "You ranked {rank} in the monthly budget that began {day} and won **{amount}** tokens.",
  },
  text: ({ payload }, { plain, markdown, ...formats }) => {
    const amount = formats.amount(payload.amount);
    const day = formats.day(payload.period_start);
    return {
      title: plain("title", { amount }),
      body: markdown(payload.period, { rank: payload.rank, day, amount }),
      link: "/rewards",
    };
  },
});
