import { sql } from "drizzle-orm";
import { audit, circumstancesOf, type Decided } from "../db/audit.ts";
import type { emailSuppressions } from "../db/schema/email.ts";
import { type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { isStorable } from "../foreign-text.ts";
import { hashOfAddress } from "../notifications/recipients.ts";

/** A suppressed address. The address itself is not stored. */
export type Suppression = {
  /** SHA-256 of the address, in hexadecimal digits. */
  readonly hash: string;
  readonly reason: (typeof emailSuppressions.$inferSelect)["reason"];
  readonly createdAt: Date;
};

/** Descriptions of the reasons of suppressions. */
export const SUPPRESSION_REASONS: Readonly<Record<Suppression["reason"], string>> = {
  hard_bounce: "the address does not exist, or refuses e-mail",
  soft_bounces: "several bounces in a row",
  complaint: "its owner reported an e-mail as spam",
};

type Row = Omit<Suppression, "createdAt"> & { createdAt: string };

const COLUMNS = sql.raw(`encode(address_hash, 'hex') as hash, reason, created_at as "createdAt"`);

const HASH = /^[0-9a-f]{64}$/;

/** Whether a text has the form of a hash of an address. */
export const isAddressHash = (text: string): boolean => HASH.test(text);

/** The latest suppressions, newest first. */
export async function latestSuppressions(on: Queryable, limit: number): Promise<Suppression[]> {
  const found = await rows<Row>(
    on,
    sql`select ${COLUMNS} from email_suppressions order by created_at desc limit ${limit}`,
  );
  return found.map(suppressionOf);
}

/** The suppression of an address; undefined if there is none. */
export async function findSuppression(on: Queryable, address: string): Promise<Suppression | undefined> {
  if (!isStorable(address)) return undefined;
  const [found] = await rows<Row>(
    on,
    sql`select ${COLUMNS} from email_suppressions where address_hash = ${hashOfAddress(sql`${address}::text`)}`,
  );
  return found && suppressionOf(found);
}

/** The suppression of the address of a user, by our id; undefined if there is none. */
export async function suppressionOfUser(on: Queryable, userId: string): Promise<Suppression | undefined> {
  const [found] = await rows<Row>(
    on,
    sql`select ${COLUMNS} from email_suppressions
        where address_hash = (select ${hashOfAddress(sql`email`)} from users where id = ${userId})`,
  );
  return found && suppressionOf(found);
}

const suppressionOf = ({ createdAt, ...row }: Row): Suppression => ({
  ...row,
  createdAt: new Date(createdAt),
});

/**
 * Removes an address from the suppressions, so that it gets e-mail again. It is suppressed again after the
 * next bounce or complaint.
 *
 * @returns whether it was suppressed.
 */
export async function liftSuppression(
  tx: Tx,
  hash: string,
  decided: Decided & { readonly reason: string },
): Promise<boolean> {
  const [lifted] = await rows<{ reason: string }>(
    tx,
    sql`delete from email_suppressions where address_hash = decode(${hash}, 'hex') returning reason`,
  );
  if (!lifted) return false;
  await audit(tx, {
    actor: decided.actor,
    action: "suppression.lift",
    subject: `email_suppressions:${hash}`,
    details: { ...circumstancesOf(decided), was: lifted.reason },
  });
  return true;
}
