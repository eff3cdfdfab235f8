import { sql } from "drizzle-orm";
import { z } from "zod";
import { array, rows } from "../../../db/statement.ts";
import { enqueueMany } from "../../../queues/enqueue.ts";
import { defineJob } from "../../../queues/job.ts";
import { done, skipped } from "../../../queues/outcome.ts";
import { sendEmails } from "./send-emails.ts";

/**
 * For operators, once the cause is mended. Each goes out under a new key: of what needs review somebody has made sure that it did not
 * arrive, or has decided that twice is better than never.
 */
export const retryEmails = defineJob({
  name: "retry-emails",
  queue: "notifications",
  description: "Has e-mails sent again that failed, or of which it is not known whether they arrived.",
  payload: z.object({
    status: z.enum(["failed", "needs_review"]).describe("which of the two"),
    since: z.iso.datetime({ offset: true }).optional().describe("only those made since then"),
    limit: z.int().min(1).max(2_000).default(100).describe("so many at most, oldest first"),
  }),
  key: ({ status }) => status,
  run: async ({ status, since, limit }, { tx, settings }) => {
    const found = await rows<{ id: string; userId: string }>(
      tx,
      sql`select id, user_id as "userId" from emails
          where status = ${status} and created_at >= coalesce(${since ?? null}::timestamptz, '-infinity')
          order by id limit ${limit} for update skip locked`,
    );
    if (found.length === 0) return skipped("there is none");
    const { batchSize } = settings.email;
    const batches = await rows<{ id: string }>(
      tx,
      sql`insert into email_batches (created_at) select now() from generate_series(1, ${Math.ceil(found.length / batchSize)}) returning id`,
    );
    const ids = array(found.map(({ id }) => id));
    await tx.execute(
      sql`update emails m set status = 'pending', reason = null, provider_id = null, round = round + 1, batch_id = t.batch_id
          from unnest(${ids}::bigint[], ${array(found.map((_, index) => batches[Math.floor(index / batchSize)]?.id))}::bigint[])
            as t(id, batch_id) where m.id = t.id`,
    );
    await tx.execute(
      sql`update deliveries d set status = 'pending', error = null from emails m
          where m.id = any(${ids}::bigint[]) and (d.id = m.delivery_id or d.digest_id = m.digest_id) and d.status = ${status}`,
    );
    await enqueueMany(
      tx,
      sendEmails,
      batches.map(({ id }, batch) => ({
        batchId: id,
        users: found.slice(batch * batchSize, (batch + 1) * batchSize).map(({ userId }) => userId),
      })),
    );
    return done({ emails: found.length, batches: batches.length });
  },
});
