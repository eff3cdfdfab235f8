import { sql } from "drizzle-orm";
import { commissionHeld } from "../events/rewards.ts";
import { defineNotification } from "./notification-type.ts";

/** For the operators. */
export const commissionHeldNotification = defineNotification({
  event: commissionHeld,
  recipients: sql`select e.event_id, o.id as user_id from e join users o on o.is_operator`,
  access: "operator",
  inApp: true,
  email: null,
  texts: {
    title: "Commissions for sale {sale} are on hold",
    body: "**{amount}** tokens need your review: {reasons}.",
  },
  text: ({ payload }, { plain, markdown, amount }) => ({
    title: plain("title", { sale: payload.sale_id }),
    body: markdown("body", { amount: amount(payload.amount), reasons: payload.reasons.join(", ") }),
    link: "/admin/rewards/holds",
  }),
});
