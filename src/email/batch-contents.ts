import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { hashOfAddress } from "../notifications/address.ts";
import type { DigestKind } from "./render/digest.ts";

/** An e-mail of a batch that is still to be sent. */
export type PendingEmail = {
  readonly id: string;
  readonly userId: string;
  readonly deliveryId: string | null;
  readonly digestId: string | null;
  /** Null for what goes alone. */
  readonly kind: DigestKind | null;
  readonly round: number;
};

/** Something that an e-mail is to tell. */
export type PendingDelivery = {
  readonly id: string;
  readonly emailId: string;
  readonly userId: string;
  readonly eventId: string;
  readonly isRead: boolean;
};

/** Who gets it, as they are now. */
export type Addressee = {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  readonly timeZone: string | null;
  readonly isSuppressed: boolean;
  readonly frequency: "immediate" | "hourly" | "daily" | "weekly" | "none" | null;
  readonly isUnsubscribed: boolean;
};

/** Locks and reads what of a batch is still to be sent. */
export const pendingEmails = (tx: Tx, batchId: string): Promise<PendingEmail[]> =>
  rows<PendingEmail>(
    tx,
    sql`select m.id, m.user_id as "userId", m.delivery_id as "deliveryId", m.digest_id as "digestId", g.kind, m.round
        from emails m left join email_digests g on g.id = m.digest_id
        where m.batch_id = ${batchId} and m.status = 'pending' order by m.id for update of m`,
  );

/** What these e-mails are to tell, in the order in which it was decided. */
export const pendingDeliveries = (tx: Tx, emails: readonly PendingEmail[]): Promise<PendingDelivery[]> => {
  const ids = array(emails.map(({ id }) => id));
  return rows<PendingDelivery>(
    tx,
    sql`select d.id, m.id as "emailId", d.user_id as "userId", d.event_id as "eventId", coalesce(n.read_at is not null, false) as "isRead"
        from emails m join deliveries d on d.id = m.delivery_id left join notifications n on n.id = d.notification_id
        where m.id = any(${ids}::bigint[]) and d.status = 'pending'
        union all
        select d.id, m.id, d.user_id, d.event_id, coalesce(n.read_at is not null, false)
        from emails m join deliveries d on d.digest_id = m.digest_id left join notifications n on n.id = d.notification_id
        where m.id = any(${ids}::bigint[]) and d.status = 'pending'
        order by 1`,
  );
};

/** The addressees who still exist. */
export async function addressees(tx: Tx, userIds: readonly string[]): Promise<Map<string, Addressee>> {
  const found = await rows<Addressee>(
    tx,
    sql`select u.id as "userId", u.name, coalesce(btrim(u.email), '') as email, u.time_zone as "timeZone",
               x.address_hash is not null as "isSuppressed", s.frequency, s.unsubscribed_at is not null as "isUnsubscribed"
        from users u
        left join user_notification_settings s on s.user_id = u.id
        left join email_suppressions x on x.address_hash = ${hashOfAddress(sql`u.email`)}
        where u.id = any(${array([...new Set(userIds)])}::bigint[])`,
  );
  return new Map(found.map((addressee) => [addressee.userId, addressee]));
}
