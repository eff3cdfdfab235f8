import { sql } from "drizzle-orm";
import { z } from "zod";
import { emails } from "../../../db/schema/email.ts";
import { array, rows } from "../../../db/statement.ts";
import { enqueueMailings, remailEmails } from "../../../email/create-mailings.ts";
import { defineJob } from "../../../queues/job.ts";
import { done, skipped } from "../../../queues/outcome.ts";
import { sendEmails } from "./send-emails.ts";

/**
 * For operators, after the cause is fixed. E-mails are sent under new keys: for those that need review, the
 * operator has checked that they did not arrive, or accepts that they arrive twice.
 */
export const retryEmails = defineJob({
  name: "retry-emails",
  queue: "notifications",
  description: "Enqueues e-mails again that failed or may not have been delivered; send-emails sends them.",
  payload: z.object({
    status: z
      .enum(emails.status.enumValues)
      .extract(["failed", "needs_review"])
      .describe("the status of the e-mails to send again"),
    since: z.iso.datetime({ offset: true }).optional().describe("only e-mails created at or after this time"),
    limit: z.int().min(1).max(2_000).default(100).describe("at most this many, oldest first"),
  }),
  key: ({ status }) => status,
  run: async ({ status, since, limit }, context) => {
    const { tx, settings } = context;
    const found = await rows<{ id: string; userId: string }>(
      tx,
      sql`select id, user_id as "userId" from emails
          where status = ${status} and created_at >= coalesce(${since ?? null}::timestamptz, '-infinity')
          order by id limit ${limit} for update skip locked`,
    );
    if (found.length === 0) return skipped("no e-mail has this status");
    const mailings = await remailEmails(tx, found, settings.email.batchSize);
    await tx.execute(
      sql`update deliveries d set status = 'pending', error = null from emails m
          where m.id = any(${array(found.map(({ id }) => id))}::bigint[])
            and (d.id = m.delivery_id or d.digest_id = m.digest_id) and d.status = ${status}`,
    );
    await enqueueMailings(context, sendEmails, mailings);
    return done({ emails: found.length, mailings: mailings.length });
  },
});
