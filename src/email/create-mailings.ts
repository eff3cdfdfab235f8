import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { groupBy } from "../group-by.ts";
import { enqueueMany } from "../queues/enqueue.ts";
import type { Job, JobContext } from "../queues/job.ts";

/** The content of one e-mail: a delivery, or a digest. */
export type EmailContent = {
  readonly userId: string;
  readonly deliveryId: string | null;
  readonly digestId: string | null;
};

/** A new mailing, a row of `email_batches`, and the users its e-mails are for. Its members never change. */
export type CreatedMailing = { readonly mailingId: string; readonly userIds: readonly string[] };

/**
 * Creates e-mails, and mailings of at most `size` of them. Contents that already have an e-mail are skipped,
 * so a concurrent transaction creates no second one.
 */
export async function createMailings(
  tx: Tx,
  contents: readonly EmailContent[],
  size: number,
): Promise<CreatedMailing[]> {
  if (contents.length === 0) return [];
  const mailingIds = await insertMailings(tx, contents.length, size);
  const created = await rows<{ mailingId: string; userId: string }>(
    tx,
    sql`insert into emails (batch_id, user_id, delivery_id, digest_id)
        select * from unnest(${array(mailingIds)}::bigint[],
                             ${array(contents.map(({ userId }) => userId))}::bigint[],
                             ${array(contents.map(({ deliveryId }) => deliveryId))}::bigint[],
                             ${array(contents.map(({ digestId }) => digestId))}::bigint[])
        on conflict do nothing
        returning batch_id as "mailingId", user_id as "userId"`,
  );
  return [...groupBy(created, ({ mailingId }) => mailingId)].map(([mailingId, emails]) => ({
    mailingId,
    userIds: emails.map(({ userId }) => userId),
  }));
}

/** Moves e-mails into new mailings of at most `size`, to be sent again under new keys. */
export async function remailEmails(
  tx: Tx,
  emails: readonly { readonly id: string; readonly userId: string }[],
  size: number,
): Promise<CreatedMailing[]> {
  const mailingIds = await insertMailings(tx, emails.length, size);
  await tx.execute(
    sql`update emails m set status = 'pending', reason = null, provider_id = null, round = round + 1, batch_id = t.batch_id
        from unnest(${array(emails.map(({ id }) => id))}::bigint[], ${array(mailingIds)}::bigint[]) as t(id, batch_id)
        where m.id = t.id`,
  );
  return membersOf(emails, mailingIds);
}

/** Moves the pending e-mails of a mailing into `parts` new ones of about the same size. */
export async function splitMailing(tx: Tx, mailingId: string, parts: number): Promise<CreatedMailing[]> {
  const pending = await rows<{ id: string; userId: string }>(
    tx,
    sql`select id, user_id as "userId" from emails where batch_id = ${mailingId} and status = 'pending' order by id for update`,
  );
  if (pending.length === 0) return [];
  const mailingIds = await insertMailings(tx, pending.length, Math.ceil(pending.length / parts));
  await tx.execute(
    sql`update emails m set batch_id = t.batch_id
        from unnest(${array(pending.map(({ id }) => id))}::bigint[], ${array(mailingIds)}::bigint[]) as t(id, batch_id)
        where m.id = t.id`,
  );
  return membersOf(pending, mailingIds);
}

/** The mailings, with the users of their e-mails. */
function membersOf(
  emails: readonly { readonly userId: string }[],
  mailingIds: readonly string[],
): CreatedMailing[] {
  const placed = emails.map(({ userId }, index) => ({ userId, mailingId: mailingIds[index] as string }));
  return [...groupBy(placed, ({ mailingId }) => mailingId)].map(([mailingId, members]) => ({
    mailingId,
    userIds: members.map(({ userId }) => userId),
  }));
}

/** Inserts mailings for a number of e-mails. @returns the mailing of each e-mail. */
async function insertMailings(tx: Tx, emails: number, size: number): Promise<string[]> {
  const inserted = await rows<{ id: string }>(
    tx,
    sql`insert into email_batches (created_at, trace) select now(), ${tx.dispatch.trace}::text
        from generate_series(1, ${Math.ceil(emails / size)}) returning id`,
  );
  return Array.from({ length: emails }, (_, index) => inserted[Math.floor(index / size)]?.id as string);
}

/** Enqueues the job that sends each mailing. A dry run lists the users. */
export async function enqueueMailings(
  { tx, remark }: Pick<JobContext, "tx" | "remark">,
  send: Job<{ batchId: string }>,
  mailings: readonly CreatedMailing[],
): Promise<void> {
  await enqueueMany(
    tx,
    send,
    mailings.map(({ mailingId }) => ({ batchId: mailingId })),
  );
  for (const { mailingId, userIds } of mailings)
    for (const userId of userIds)
      remark({ about: `user ${userId}`, decision: `e-mail in mailing ${mailingId}` });
}
