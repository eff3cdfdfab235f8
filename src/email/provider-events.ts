import { type SQL, sql } from "drizzle-orm";
import type { emailEvents } from "../db/schema/email.ts";
import { array } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";

/** An event that the provider reports about an e-mail. */
export type ProviderEvent = {
  readonly messageId: string;
  readonly providerId: string;
  readonly kind: (typeof emailEvents.$inferSelect)["kind"];
  readonly occurredAt: Date;
};

/** An address is suppressed after this many soft bounces in a row. */
export const SOFT_BOUNCES = 4;

/** Stores an event, once per webhook message. @returns whether it is new. */
export async function storeProviderEvent(tx: Tx, event: ProviderEvent, receivedAt: Date): Promise<boolean> {
  const stored = await tx.execute(
    sql`insert into email_events (message_id, provider_id, kind, occurred_at, created_at)
        values (${event.messageId}, ${event.providerId}, ${event.kind}, ${event.occurredAt}::timestamptz, ${receivedAt}::timestamptz)
        on conflict do nothing returning id`,
  );
  return stored.rows.length > 0;
}

/** An address bounced at least SOFT_BOUNCES times since the last delivery to it. */
const bouncesSoftly = (addressHash: SQL): SQL => sql`
  ${SOFT_BOUNCES} <= (select count(*) from emails b where b.address_hash = ${addressHash} and b.status = 'bounced'
    and b.id > coalesce((select max(g.id) from emails g where g.address_hash = ${addressHash} and g.status = 'delivered'), 0))`;

/** Suppresses addresses that the mail server refused when e-mails were handed over to it. */
export async function suppressBounced(
  tx: Tx,
  { hard, soft }: { readonly hard: readonly string[]; readonly soft: readonly string[] },
): Promise<void> {
  if (hard.length + soft.length === 0) return;
  await tx.execute(
    sql`insert into email_suppressions (address_hash, reason)
        select distinct m.address_hash, 'hard_bounce' from emails m
        where m.id = any(${array(hard)}::bigint[]) and m.address_hash is not null
        on conflict (address_hash) do nothing`,
  );
  await tx.execute(
    sql`insert into email_suppressions (address_hash, reason)
        select distinct m.address_hash, 'soft_bounces' from emails m
        where m.id = any(${array(soft)}::bigint[]) and m.address_hash is not null and ${bouncesSoftly(sql`m.address_hash`)}
        on conflict (address_hash) do nothing`,
  );
}

/**
 * Updates e-mails, their deliveries and the suppression list from the stored events, in whatever order they
 * arrived. A complaint outweighs a bounce, a bounce a delivery, and a delivery a failure. An address that the
 * provider has on its own suppression list counts as bounced.
 */
export async function applyProviderEvents(tx: Tx, providerIds: readonly string[]): Promise<void> {
  if (providerIds.length === 0) return;
  const ids = array(providerIds);
  const reported = sql`(
    select m.id, m.delivery_id, m.digest_id, m.address_hash,
           case when bool_or(e.kind = 'complained') then 'complained'
                when bool_or(e.kind in ('hard_bounce', 'soft_bounce', 'suppressed')) then 'bounced'
                when bool_or(e.kind = 'delivered') then 'delivered' else 'failed' end as status,
           case when bool_and(e.kind = 'failed') then 'reported by the provider' end as reason,
           bool_or(e.kind = 'complained') as complained, bool_or(e.kind in ('hard_bounce', 'suppressed')) as hard
    from emails m join email_events e on e.provider_id = m.provider_id
    where m.provider_id = any(${ids}::text[]) and m.status in ('sent', 'delivered', 'bounced', 'complained', 'failed')
    group by m.id)`;
  await tx.execute(
    sql`update emails m set status = t.status, reason = t.reason from ${reported} t where m.id = t.id and m.status <> t.status`,
  );
  await tx.execute(
    sql`update deliveries d set status = t.status, error = t.reason from ${reported} t
        where (d.id = t.delivery_id or d.digest_id = t.digest_id) and d.status <> t.status
          and d.status in ('sent', 'delivered', 'bounced', 'complained', 'failed')`,
  );
  await tx.execute(
    sql`insert into email_suppressions (address_hash, reason)
        select t.address_hash, case when bool_or(t.complained) then 'complaint' else 'hard_bounce' end
        from ${reported} t where t.address_hash is not null and (t.complained or t.hard) group by t.address_hash
        union all
        select t.address_hash, 'soft_bounces' from ${reported} t
        where t.address_hash is not null and t.status = 'bounced' and not t.hard and ${bouncesSoftly(sql`t.address_hash`)}
        group by t.address_hash
        on conflict (address_hash) do nothing`,
  );
}
