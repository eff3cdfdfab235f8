import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { SendResult } from "../ports/mailers/mailer.ts";
import type { Counts } from "../queues/outcome.ts";
import { applyProviderEvents, suppressBounced } from "./provider-events.ts";

/** The result for one e-mail. */
export type EmailResult = { readonly emailId: string; readonly result: SendResult };

/** The status of an e-mail with a result. */
function statusOf(result: SendResult) {
  if (result.kind === "accepted") return "sent";
  if (result.kind === "unclear") return "needs_review";
  return result.bounce === null ? "failed" : "bounced";
}

/**
 * Records results on e-mails and their deliveries, addresses that do not take e-mail, and which user was sent
 * which variant.
 */
export async function recordResults(tx: Tx, results: readonly EmailResult[], now: Date): Promise<Counts> {
  const counts: Record<string, number> = { sent: 0, failed: 0, needs_review: 0 };
  for (const { result } of results) counts[statusOf(result)] = (counts[statusOf(result)] ?? 0) + 1;
  const written = await rows<{ id: string; providerId: string | null }>(
    tx,
    sql`update emails m set status = t.status, reason = t.reason, provider_id = t.provider_id,
               sent_at = case when t.status = 'sent' then ${now}::timestamptz end
        from unnest(${array(results.map(({ emailId }) => emailId))}::bigint[], ${array(results.map(({ result }) => statusOf(result)))}::text[],
                    ${array(results.map(({ result }) => (result.kind === "accepted" ? null : result.reason)))}::text[],
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
  const bounced = (bounce: "hard" | "soft") =>
    results.flatMap(({ emailId, result }) =>
      result.kind === "refused" && result.bounce === bounce ? [emailId] : [],
    );
  await suppressBounced(tx, { hard: bounced("hard"), soft: bounced("soft") });
  // The webhook may have reported them before the provider answered the request.
  await applyProviderEvents(
    tx,
    written.flatMap(({ providerId }) => (providerId === null ? [] : [providerId])),
  );
  return counts;
}

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
