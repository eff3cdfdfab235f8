import { sql } from "drizzle-orm";
import { commissionHeld } from "../events/rewards.ts";
import { bold, escapeMarkdown } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";

/** For the operators. */
export const commissionHeldNotification = defineNotification({
  event: commissionHeld,
  recipients: sql`select e.event_id, o.id as user_id from e join users o on o.is_operator`,
  access: "operator",
  inApp: true,
  email: null,
  text: ({ payload }) => ({
    title: `Commissions for sale ${payload.sale_id} are on hold`,
    body: `${bold(payload.amount)} tokens need your review: ${escapeMarkdown(payload.reasons.join(", "))}.`,
    link: "/admin/rewards/holds",
  }),
});
