import { sql } from "drizzle-orm";
import { z } from "zod";
import { rows } from "../../../db/statement.ts";
import { freezeEmails } from "../../../email/create-mailings.ts";
import { enqueue, enqueueMany } from "../../../queues/enqueue.ts";
import { defineJob, type SingleJob } from "../../../queues/job.ts";
import { done, skipped } from "../../../queues/outcome.ts";
import { sendEmails } from "./send-emails.ts";

/** What one run freezes; a longer list is gone through by further runs. */
const AT_ONCE = 2_000;

/** What goes out alone and is due: decided `now`, or deferred until a moment that has come. */
export const emailInstant: SingleJob<{ after?: string | undefined }> = defineJob({
  name: "email-instant",
  queue: "notifications",
  description: "Puts e-mails that go out alone, and are due, into batches and has those sent.",
  payload: z.object({ after: z.string().optional().describe("the event that asked for it") }),
  // Fan-outs that ask at the same time must not wait for each other's entry: each has one of its own.
  key: ({ after }) => after ?? "due",
  run: async (_payload, { tx, now, settings }) => {
    const due = await rows<{ id: string; userId: string }>(
      tx,
      sql`select d.id, d.user_id as "userId" from deliveries d
          where d.channel = 'email' and d.status = 'pending' and d.decision in ('now', 'deferred')
            and (d.not_before is null or d.not_before <= ${now}::timestamptz)
            and not exists (select 1 from emails m where m.delivery_id = d.id)
          order by d.not_before, d.id limit ${AT_ONCE} for update of d skip locked`,
    );
    if (due.length === 0) return skipped("no e-mail is due");
    const contents = due.map(({ id, userId }) => ({ userId, deliveryId: id, digestId: null }));
    const batches = await freezeEmails(tx, contents, settings.email.batchSize);
    await enqueueMany(
      tx,
      sendEmails,
      batches.map(({ batchId, users }) => ({ batchId, users: [...users] })),
    );
    if (due.length === AT_ONCE) await enqueue(tx, emailInstant, {});
    return done({ emails: due.length, batches: batches.length });
  },
});
