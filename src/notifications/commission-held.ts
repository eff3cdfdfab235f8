import { sql } from "drizzle-orm";
import { commissionHeld } from "../events/rewards.ts";
import { bold, escapeMarkdown } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";

/** For the operators: it waits for one of them. */
export const tellCommissionHeld = defineNotification({
  event: commissionHeld,
  recipients: sql`select e.event_id, o.id as user_id from e join users o on o.is_operator`,
  access: "operator",
  inApp: true,
  emailKind: () => null,
  text: ({ payload }) => ({
    title: `Commissions of sale ${payload.sale_id} are held`,
    body: `${bold(payload.amount)} tokens wait for your decision: ${escapeMarkdown(payload.reasons.join(", "))}.`,
    link: "/admin/rewards/holds",
  }),
});
