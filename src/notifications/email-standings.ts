import { sql } from "drizzle-orm";
import { lockKey } from "../db/schema-keys.ts";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { nudgeCounts } from "./nudge-counts.ts";
import { hashOfAddress } from "./recipients.ts";

/** What limits the e-mail of a user. */
export type EmailStanding = {
  readonly isSuppressed: boolean;
  /** E-mails of the last hour that were sent alone, or will be; must-send ones are not counted. */
  readonly letThrough: number;
  readonly nudgesToday: number;
  readonly nudgesThisWeek: number;
};

export const NO_EMAIL_YET: EmailStanding = {
  isSuppressed: false,
  letThrough: 0,
  nudgesToday: 0,
  nudgesThisWeek: 0,
};

/** Users share this many advisory locks: one lock per user could exceed what the server holds. */
const LOCKS = 256;
const LOCK = sql.raw(lockKey("email-of-users", "l"));

/**
 * Reads what limits the e-mail of users. Locks them until the transaction ends: otherwise two transactions
 * could both let the last e-mail of an hour through.
 */
export async function readEmailStandings(
  tx: Tx,
  users: ReadonlyMap<string, { readonly timeZone: string }>,
  now: Date,
): Promise<Map<string, EmailStanding>> {
  if (users.size === 0) return new Map();
  const ids = [...users.keys()];
  await lockUsers(tx, ids);
  const found = await rows<EmailStanding & { userId: string }>(
    tx,
    sql`select u.id as "userId",
          exists (select 1 from email_suppressions x join users a on x.address_hash = ${hashOfAddress(sql`a.email`)}
                  where a.id = u.id) as "isSuppressed",
          (select count(*)::int from deliveries d
           where d.user_id = u.id and d.channel = 'email' and d.decision in ('now', 'deferred')
             and d.reason is distinct from 'must-send' and d.decided_at > ${now}::timestamptz - interval '1 hour') as "letThrough",
          n.today as "nudgesToday", n.week as "nudgesThisWeek"
        from unnest(${array(ids)}::bigint[], ${array([...users.values()].map(({ timeZone }) => timeZone))}::text[]) as u(id, zone)
        cross join lateral (${nudgeCounts(sql`u.id`, sql`u.zone`, now)}) n`,
  );
  return new Map(found.map(({ userId, ...standing }) => [userId, standing]));
}

/** Takes the locks in one order, so that two transactions cannot deadlock. */
async function lockUsers(tx: Tx, ids: readonly string[]): Promise<void> {
  const locks = [...new Set(ids.map((id) => Number(BigInt(id) % BigInt(LOCKS))))].sort((a, b) => a - b);
  await tx.execute(sql`select pg_advisory_xact_lock(${LOCK}) from unnest(${array(locks)}::int[]) as l`);
}
