import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { LetterFate } from "../ports/mailer.ts";
import { applyMailEvents } from "./provider-events.ts";

/** What became of the e-mails of a batch. `expired`: not known, and too late to ask under the same key. */
export type EmailFate = {
  readonly emailId: string;
  readonly fate: LetterFate | { readonly kind: "expired" };
};

const STATUS = {
  accepted: "sent",
  refused: "failed",
  unclear: "needs_review",
  expired: "needs_review",
} as const;

/** Writes fates to e-mails and to the deliveries that they told of, and who was shown which variant. */
export async function recordFates(
  tx: Tx,
  fates: readonly EmailFate[],
  now: Date,
): Promise<{ sent: number; failed: number; needs_review: number }> {
  const counts = { sent: 0, failed: 0, needs_review: 0 };
  for (const { fate } of fates) counts[STATUS[fate.kind]] += 1;
  const written = await rows<{ id: string; providerId: string | null }>(
    tx,
    sql`update emails m set status = t.status, reason = t.reason, provider_id = t.provider_id,
               sent_at = case when t.status = 'sent' then ${now}::timestamptz end
        from unnest(${array(fates.map(({ emailId }) => emailId))}::bigint[], ${array(fates.map(({ fate }) => STATUS[fate.kind]))}::text[],
                    ${array(fates.map(({ fate }) => reasonOf(fate)))}::text[],
                    ${array(fates.map(({ fate }) => (fate.kind === "accepted" ? fate.providerId : null)))}::text[])
          as t(id, status, reason, provider_id)
        where m.id = t.id and m.status = 'pending'
        returning m.id, m.provider_id as "providerId"`,
  );
  const ids = array(written.map(({ id }) => id));
  await tx.execute(
    sql`with told as (
          select d.id, m.status, m.reason from emails m join deliveries d on d.id = m.delivery_id where m.id = any(${ids}::bigint[])
          union all
          select d.id, m.status, m.reason from emails m join deliveries d on d.digest_id = m.digest_id where m.id = any(${ids}::bigint[]))
        update deliveries d set status = told.status, error = told.reason, attempts = d.attempts + 1,
               sent_at = case when told.status = 'sent' then ${now}::timestamptz end
        from told where d.id = told.id and d.status = 'pending'`,
  );
  await tx.execute(
    sql`insert into experiment_exposures (experiment, user_id, variant, email_id, exposed_at)
        select m.experiment, m.user_id, m.variant, m.id, ${now}::timestamptz from emails m
        where m.id = any(${ids}::bigint[]) and m.status = 'sent' and m.experiment is not null
        on conflict do nothing`,
  );
  // The mail service may have told of them before it answered us.
  await applyMailEvents(
    tx,
    written.flatMap(({ providerId }) => (providerId === null ? [] : [providerId])),
  );
  return counts;
}

const reasonOf = (fate: EmailFate["fate"]): string | null => {
  if (fate.kind === "accepted") return null;
  return fate.kind === "expired" ? "no answer within a day" : fate.reason;
};

/** Writes down why something is not sent. An e-mail that has nothing left to tell is not sent either. */
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
    sql`update emails m set status = 'none', reason = 'nothing left to tell'
        where m.id = any(${array(emailIds)}::bigint[]) and m.status = 'pending'
          and not exists (select 1 from deliveries d where d.id = m.delivery_id and d.status = 'pending')
          and not exists (select 1 from deliveries d where d.digest_id = m.digest_id and d.status = 'pending')`,
  );
}
