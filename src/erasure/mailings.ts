import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { literally } from "./pattern.ts";

/** The text as escaped inside a JSON string. */
const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);

/**
 * Discards stored requests with e-mails to the user, or with the user's name. They may have been handed over
 * already, and cannot be divided then, so all their e-mails need review.
 *
 * @returns the mailings.
 */
export async function discardMailings(
  tx: Tx,
  { name, email }: { readonly name: string; readonly email: string | null },
): Promise<string[]> {
  const traces = [email ?? "", name].map((text) => text.trim()).filter(Boolean);
  if (traces.length === 0) return [];
  const pattern = `(^|\\W)(${traces.map((text) => literally(inJson(text))).join("|")})($|\\W)`;
  const discarded = await rows<{ id: string }>(
    tx,
    sql`delete from outbox o where o.job = 'send-emails' and o.request is not null and o.request::text ~* ${pattern}
        returning o.payload->>'batchId' as id`,
  );
  const ids = discarded.map(({ id }) => id);
  if (ids.length === 0) return ids;
  await tx.execute(
    sql`with members as (
          update emails m set status = 'needs_review', reason = 'in one mailing with an e-mail that was stopped'
          where m.batch_id = any(${array(ids)}::bigint[]) and m.status = 'pending'
          returning m.delivery_id, m.digest_id)
        update deliveries d set status = 'needs_review', error = 'in one mailing with an e-mail that was stopped'
        from members where d.status = 'pending' and (d.id = members.delivery_id or d.digest_id = members.digest_id)`,
  );
  return ids;
}
