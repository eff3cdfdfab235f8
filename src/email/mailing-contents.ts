import { sql } from "drizzle-orm";
import type { emailDigests } from "../db/schema/email.ts";
import type { userNotificationSettings } from "../db/schema/notifications.ts";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { languageOf } from "../languages/choose-language.ts";
import type { Language } from "../languages/language.ts";
import { cleanName, nameIn } from "../notifications/clean-name.ts";
import { tagIn } from "../notifications/language-tag.ts";
import { hashOfAddress } from "../notifications/recipients.ts";
import { unsubscribedTypes } from "../notifications/unsubscriptions.ts";
import type { QuietHours } from "../scoring/local-time.ts";
import { DEFAULT_TIMES, type DigestTimes } from "./render/windows.ts";

/** An e-mail of a mailing that has not been sent yet. */
export type PendingEmail = {
  readonly id: string;
  readonly userId: string;
  readonly deliveryId: string | null;
  readonly digestId: string | null;
  /** Null if it is not a digest. */
  readonly digest: (typeof emailDigests.$inferSelect)["kind"] | null;
  readonly round: number;
};

/** A delivery that a pending e-mail contains. */
export type PendingDelivery = {
  readonly id: string;
  readonly emailId: string;
  readonly userId: string;
  readonly eventId: string;
  readonly isRead: boolean;
};

/** The current facts about the recipient of an e-mail. */
export type Addressee = {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  readonly timeZone: string | null;
  readonly language: Language;
  readonly isSuppressed: boolean;
  readonly frequency: (typeof userNotificationSettings.$inferSelect)["frequency"] | null;
  readonly quiet: QuietHours | null;
  readonly digestTimes: DigestTimes;
  /** The types of events that the user unsubscribed from; `*` is all. */
  readonly unsubscribedTypes: readonly string[];
};

/** Reads and locks the pending e-mails of a mailing. */
export const pendingEmails = (tx: Tx, mailingId: string): Promise<PendingEmail[]> =>
  rows<PendingEmail>(
    tx,
    sql`select m.id, m.user_id as "userId", m.delivery_id as "deliveryId", m.digest_id as "digestId", g.kind as digest, m.round
        from emails m left join email_digests g on g.id = m.digest_id
        where m.batch_id = ${mailingId} and m.status = 'pending' order by m.id for update of m`,
  );

/** Reads the deliveries that these e-mails contain, in the order in which they were decided. */
export const pendingDeliveries = (
  tx: Tx,
  emails: readonly Pick<PendingEmail, "id">[],
): Promise<PendingDelivery[]> => {
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

/** Reads the recipients, by user id. Deleted and deactivated users are left out. */
export async function readAddressees(tx: Tx, userIds: readonly string[]): Promise<Map<string, Addressee>> {
  const found = await rows<AddresseeRow>(
    tx,
    sql`select u.id as "userId", ${nameIn("u.name")} as name, coalesce(btrim(u.email), '') as email, u.time_zone as "timeZone", ${tagIn("u.language")} as language,
               x.address_hash is not null as "isSuppressed", s.frequency, s.quiet_from as "quietFrom", s.quiet_to as "quietTo",
               s.digest_hour as "digestHour", s.digest_day as "digestDay", ${unsubscribedTypes} as "unsubscribedTypes"
        from users u
        left join user_notification_settings s on s.user_id = u.id
        left join email_suppressions x on x.address_hash = ${hashOfAddress(sql`u.email`)}
        where u.id = any(${array([...new Set(userIds)])}::bigint[]) and u.deactivated_at is null`,
  );
  return new Map(found.map((row) => [row.userId, addresseeOf(row)]));
}

type AddresseeRow = Omit<Addressee, "language" | "quiet" | "digestTimes"> & {
  readonly language: string | null;
  readonly quietFrom: number | null;
  readonly quietTo: number | null;
  readonly digestHour: number | null;
  readonly digestDay: number | null;
};

function addresseeOf({ quietFrom, quietTo, digestHour, digestDay, ...row }: AddresseeRow): Addressee {
  const { hour, day } = DEFAULT_TIMES;
  return {
    ...row,
    name: cleanName(row.name),
    language: languageOf(row.language),
    quiet: quietFrom === null || quietTo === null ? null : { from: quietFrom, to: quietTo },
    digestTimes: { hour: digestHour ?? hour, day: digestDay ?? day, changedAt: null },
  };
}
