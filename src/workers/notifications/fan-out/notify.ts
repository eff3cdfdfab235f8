import { type DecidedDeliveries, decideDeliveries } from "../../../notifications/decide-deliveries.ts";
import { remarksOf } from "../../../notifications/describe-delivery.ts";
import type { EventRecipients } from "../../../notifications/find-recipients.ts";
import { recordDeliveries } from "../../../notifications/record-deliveries.ts";
import { mapInPortions } from "../../../portions.ts";
import { enqueue, enqueueMany } from "../../../queues/enqueue.ts";
import type { JobContext } from "../../../queues/job.ts";
import { emailInstant } from "../email/email-instant.ts";
import { settleUnreadCount } from "./settle-unread-count.ts";

/** Recipients of all events of a transaction together. An event with more of them is cut into ranges. */
export const RECIPIENTS_PER_TRANSACTION = 10_000;

/** Decides and writes the deliveries of recipients, and sends for what is mailed at once. */
export async function notify(
  recipients: readonly EventRecipients[],
  context: JobContext,
): Promise<DecidedDeliveries[]> {
  const { tx, now, remark } = context;
  const decided = await decideDeliveries(tx, recipients, context);
  await mapInPortions(decided, (one) => remarksOf(one).forEach(remark));
  const reading = await recordDeliveries(tx, decided, now);
  await enqueueMany(tx, settleUnreadCount, reading);
  // An entry of its own, so that concurrent fan-outs do not wait for each other.
  if (decided.some(({ email }) => email?.kind === "now"))
    await enqueue(tx, emailInstant, {}, { separate: true });
  return decided;
}
