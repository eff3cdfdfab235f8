import { sql } from "drizzle-orm";
import { z } from "zod";
import { rows } from "../../../db/statement.ts";
import { createMailings, enqueueMailings } from "../../../email/create-mailings.ts";
import { enqueue } from "../../../queues/enqueue.ts";
import { defineJob, type SingleJob } from "../../../queues/job.ts";
import { done, skipped } from "../../../queues/outcome.ts";
import { sendEmails } from "./send-emails.ts";

/** E-mails per run. If more are due, another run follows. */
const EMAILS_PER_RUN = 2_000;

/** E-mails that are sent alone: decided `now`, or deferred to a time that has passed. */
export const emailInstant: SingleJob<Record<string, never>> = defineJob({
  name: "email-instant",
  queue: "notifications",
  description:
    "Creates mailings of the e-mails that are due and are not part of a digest, and enqueues them.",
  payload: z.object({}),
  key: () => "due",
  run: async (_payload, context) => {
    const { tx, now, settings } = context;
    const due = await rows<{ id: string; userId: string }>(
      tx,
      sql`select d.id, d.user_id as "userId" from deliveries d
          where d.channel = 'email' and d.status = 'pending' and d.decision in ('now', 'deferred')
            and (d.not_before is null or d.not_before <= ${now}::timestamptz)
            and not exists (select 1 from emails m where m.delivery_id = d.id)
          order by d.not_before, d.id limit ${EMAILS_PER_RUN} for update of d skip locked`,
    );
    if (due.length === 0) return skipped("no e-mail is due");
    const contents = due.map(({ id, userId }) => ({ userId, deliveryId: id, digestId: null }));
    const mailings = await createMailings(tx, contents, settings.email.batchSize);
    await enqueueMailings(context, sendEmails, mailings);
    if (due.length === EMAILS_PER_RUN) await enqueue(tx, emailInstant, {});
    return done({ emails: due.length, mailings: mailings.length });
  },
});
