import { sql } from "drizzle-orm";
import { z } from "zod";
import { rows } from "../../../db/statement.ts";
import { createMailings, enqueueMailings } from "../../../email/create-mailings.ts";
import { joinDigest } from "../../../email/single-emails.ts";
import { groupBy } from "../../../group-by.ts";
import { enqueue } from "../../../queues/enqueue.ts";
import { defineJob, type SingleJob } from "../../../queues/job.ts";
import { done, skipped } from "../../../queues/outcome.ts";
import { emailDigest } from "./email-digest.ts";
import { sendEmails } from "./send-emails.ts";

/** E-mails per run. If more are due, another run follows. */
const EMAILS_PER_RUN = 2_000;

type DueDelivery = { id: string; userId: string; isDeferred: boolean };

/**
 * E-mails that are sent alone: decided `now`, or the only one that was deferred to the end of the quiet hours
 * of its user. If several were, they join a digest.
 */
export const emailInstant: SingleJob<Record<string, never>> = defineJob({
  name: "email-instant",
  queue: "notifications",
  description:
    "Creates mailings of the e-mails that are due and are not part of a digest, and enqueues them.",
  payload: z.object({}),
  key: () => "due",
  run: async (_payload, context) => {
    const { tx, now, settings } = context;
    const due = await rows<DueDelivery>(
      tx,
      sql`select d.id, d.user_id as "userId", d.decision = 'deferred' as "isDeferred" from deliveries d
          where d.channel = 'email' and d.status = 'pending' and d.decision in ('now', 'deferred')
            and (d.not_before is null or d.not_before <= ${now}::timestamptz)
            and not exists (select 1 from emails m where m.delivery_id = d.id)
          order by d.not_before, d.id limit ${EMAILS_PER_RUN} for update of d skip locked`,
    );
    if (due.length === 0) return skipped("no e-mail is due");
    const gathered = severalDeferred(due);
    await joinDigest(tx, gathered, "quiet-hours");
    if (gathered.length > 0) await enqueue(tx, emailDigest, {});
    const joined = new Set(gathered);
    const contents = due
      .filter(({ id }) => !joined.has(id))
      .map(({ id, userId }) => ({ userId, deliveryId: id, digestId: null }));
    const mailings = await createMailings(tx, contents, settings.email.batchSize);
    await enqueueMailings(context, sendEmails, mailings);
    if (due.length === EMAILS_PER_RUN) await enqueue(tx, emailInstant, {});
    return done({ emails: contents.length, joined_digest: gathered.length, mailings: mailings.length });
  },
});

/** The ids of deferred deliveries whose user has more than one. */
function severalDeferred(due: readonly DueDelivery[]): string[] {
  const deferred = due.filter(({ isDeferred }) => isDeferred);
  return [...groupBy(deferred, ({ userId }) => userId).values()].flatMap((ofUser) =>
    ofUser.length > 1 ? ofUser.map(({ id }) => id) : [],
  );
}
