import { sql } from "drizzle-orm";
import type { emails } from "../db/schema/email.ts";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { SendResult } from "../ports/mailers/mailer.ts";
import { applyProviderEvents } from "./provider-events.ts";

/** The result for one e-mail. `expired`: unknown, and the idempotency key is too old for another attempt. */
export type EmailResult = {
  readonly emailId: string;
  readonly result: SendResult | { readonly kind: "expired" };
};

const STATUS = {
  accepted: "sent",
  refused: "failed",
  unclear: "needs_review",
  expired: "needs_review",
} as const satisfies Record<EmailResult["result"]["kind"], (typeof emails.$inferSelect)["status"]>;

/** Records results on e-mails and their deliveries, and which user was sent which variant. */
export async function recordResults(
  tx: Tx,
  results: readonly EmailResult[],
  now: Date,
): Promise<{ sent: number; failed: number; needs_review: number }> {
  const counts = { sent: 0, failed: 0, needs_review: 0 };
  for (const { result } of results) counts[STATUS[result.kind]] += 1;
  const written = await rows<{ id: string; providerId: string | null }>(
    tx,
    sql`update emails m set status = t.status, reason = t.reason, provider_id = t.provider_id,
               sent_at = case when t.status = 'sent' then ${now}::timestamptz end
        from unnest(${array(results.map(({ emailId }) => emailId))}::bigint[], ${array(results.map(({ result }) => STATUS[result.kind]))}::text[],
                    ${array(results.map(({ result }) => reasonOf(result)))}::text[],
                    ${array(results.map(({ result }) => (result.kind === "accepted" ? result.providerId : null)))}::text[])
          as t(id, status, reason, provider_id)
        where m.id = t.id and m.status = 'pending'
        returning m.id, m.provider_id as "providerId"`,
  );
  const ids = array(written.map(({ id }) => id));
  await tx.execute(
    sql`with contents as (
          select d.id, m.status, m.reason from emails m join deliveries d on d.id = m.delivery_id where m.id = any(${ids}::bigint[])
          union all
          select d.id, m.status, m.reason from emails m join deliveries d on d.digest_id = m.digest_id where m.id = any(${ids}::bigint[]))
        update deliveries d set status = contents.status, error = contents.reason, attempts = d.attempts + 1,
               sent_at = case when contents.status = 'sent' then ${now}::timestamptz end
        from contents where d.id = contents.id and d.status = 'pending'`,
  );
  await tx.execute(
    sql`insert into experiment_exposures (experiment, user_id, variant, email_id, exposed_at)
        select m.experiment, m.user_id, m.variant, m.id, ${now}::timestamptz from emails m
        where m.id = any(${ids}::bigint[]) and m.status = 'sent' and m.experiment is not null
        on conflict do nothing`,
  );
  // The webhook may have reported them before the provider answered the request.
  await applyProviderEvents(
    tx,
    written.flatMap(({ providerId }) => (providerId === null ? [] : [providerId])),
  );
  return counts;
}

const reasonOf = (result: EmailResult["result"]): string | null => {
  if (result.kind === "accepted") return null;
  return result.kind === "expired" ? "no answer within a day" : result.reason;
};

/** Records why deliveries are not sent. An e-mail without remaining deliveries is not sent either. */
export async function dropDeliveries(
  tx: Tx,
  emailIds: readonly string[],
  dropped: readonly { readonly id: string; readonly reason: string }[],
): Promise<void> {
  if (dropped.length > 0) {
    await tx.execute(
      sql`update deliveries d set status = 'none', reason = t.reason
          from unnest(${array(dropped.map(({ id }) => id))}::bigint[], ${array(dropped.map(({ reason }) => reason))}::text[]) as t(id, reason)
          where d.id = t.id and d.status = 'pending'`,
    );
  }
  await tx.execute(
    sql`update emails m set status = 'none', reason = 'nothing left to send'
        where m.id = any(${array(emailIds)}::bigint[]) and m.status = 'pending'
          and not exists (select 1 from deliveries d where d.id = m.delivery_id and d.status = 'pending')
          and not exists (select 1 from deliveries d where d.digest_id = m.digest_id and d.status = 'pending')`,
  );
}
