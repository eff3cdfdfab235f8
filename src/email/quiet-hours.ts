import { sql } from "drizzle-orm";
import { array } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { groupBy } from "../group-by.ts";
import { userZone, type ZoneContext } from "../notifications/user-zone.ts";
import { isQuiet } from "../scoring/local-time.ts";
import type { CheckedDeliveries } from "./check-deliveries.ts";
import type { Addressee, PendingEmail } from "./mailing-contents.ts";
import { digestWindow } from "./render/windows.ts";
import { joinDigest } from "./single-emails.ts";

type Context = ZoneContext & { readonly now: Date };

/**
 * Enforces quiet hours when e-mails are sent, however long they waited for the mail service and whatever
 * their user has changed since: in quiet hours, their content moves to the first digest afterwards. Must-send
 * e-mails are sent.
 *
 * @returns the e-mails that may be sent now.
 */
export async function leaveQuietHours(
  tx: Tx,
  pending: readonly PendingEmail[],
  { sendable, addressees }: CheckedDeliveries,
  context: Context,
): Promise<readonly PendingEmail[]> {
  const contents = groupBy(sendable, ({ delivery }) => delivery.emailId);
  const waiting = pending.filter((email) => {
    const addressee = addressees.get(email.userId);
    const isMustSend = contents.get(email.id)?.some((one) => one.isMustSend) ?? true;
    return addressee !== undefined && !isMustSend && mustWait(email, addressee, context);
  });
  if (waiting.length === 0) return pending;
  const joining = waiting.flatMap(({ id }) => contents.get(id) ?? []).map(({ delivery }) => delivery.id);
  await joinDigest(tx, joining, "quiet-hours");
  await tx.execute(
    sql`update emails set status = 'none', reason = 'joined a digest'
        where id = any(${array(waiting.map(({ id }) => id))}::bigint[])`,
  );
  return pending.filter((email) => !waiting.includes(email));
}

/** A digest may be sent in quiet hours while the window that opened with their end is open. */
function mustWait(
  { digest }: PendingEmail,
  { quiet, digestTimes, timeZone }: Addressee,
  { now, ...zones }: Context,
): boolean {
  const zone = userZone(timeZone, zones);
  if (quiet === null || !isQuiet(now, quiet, zone)) return false;
  return digest === null || digestWindow(digest, zone, now, quiet, digestTimes) === null;
}
