import { type SQL, sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { Snooze } from "./outcome.ts";

/**
 * Identifies an attempt. Only the carrier stored in an entry's row may settle, fail or give it back.
 * Around an outside call that is not enough: a worker whose lock expired may still be calling when the same
 * carrier runs elsewhere. So the attempt that calls puts its own token into the row, and renews it.
 */
export type Holder = { readonly carrier: string; readonly token: string };

/**
 * Longer than the stalls of an event loop and the lock of a carrier, and short enough that the call of a
 * killed worker is repeated within 15 s. The length of the call itself does not matter: its lease is renewed.
 */
export const LEASE_MS = 13_000;
const RENEW_EVERY_MS = 1_000;

/**
 * Takes the lease of an entry that this transaction has locked.
 * @throws Snooze until the lease of another attempt ends.
 */
export async function takeLease(tx: Tx, id: string, { token }: Holder): Promise<void> {
  const [lease] = await rows<{ isMine: boolean; leftMs: number }>(
    tx,
    sql`update outbox set
          leased_by = case when leased_until > now() and leased_by <> ${token} then leased_by else ${token} end,
          leased_until = case when leased_until > now() and leased_by <> ${token} then leased_until
                              else now() + ${LEASE_MS} * interval '1 millisecond' end
        where id = ${id}
        returning leased_by = ${token} as "isMine", (extract(epoch from leased_until - now()) * 1000)::float8 as "leftMs"`,
  );
  if (lease && !lease.isMine) throw new Snooze(lease.leftMs, "another attempt is making its call");
}

/**
 * SQL: the ids of the entries that meet a condition on `carrier`, `leased_by` and `leased_until`. Locks them.
 *
 * A worker may read a carrier before the relay that added it has committed. The lock waits for that commit,
 * and the condition is checked on the row that the lock returns: `offset 0` keeps Postgres from checking it
 * earlier, on the row of the snapshot.
 */
export const lockedWhere = (ids: readonly string[], condition: SQL): SQL =>
  sql`array(select id from (
        select id, carrier, leased_by, leased_until from outbox
        where id = any(${array(ids)}::bigint[]) and dead_at is null offset 0 for update) locked
      where ${condition})`;

/**
 * The condition under which an attempt may fail an entry: no other attempt holds its lease or its carrier.
 */
export const heldBy = ({ carrier, token }: Holder) =>
  sql`(leased_by = ${token} or (carrier = ${carrier} and (leased_by is null or leased_until <= now())))`;

/**
 * Renews the lease of an entry until stopped. Only one renewal runs at a time: while Postgres hangs, more
 * would use up all connections. The next renewal makes up for one that failed.
 */
export function renewLease(
  transact: (work: (tx: Tx) => Promise<unknown>) => Promise<unknown>,
  id: string,
  { token }: Holder,
): { stop(): void } {
  const renew = (tx: Tx) =>
    tx.execute(
      sql`update outbox set leased_until = now() + ${LEASE_MS} * interval '1 millisecond' where id = ${id} and leased_by = ${token}`,
    );
  let renewing = false;
  const timer = setInterval(() => {
    if (renewing) return;
    renewing = true;
    transact(renew)
      .catch(() => undefined)
      .finally(() => {
        renewing = false;
      });
  }, RENEW_EVERY_MS);
  return { stop: () => clearInterval(timer) };
}

/** True if a lease that was requested at this time may have expired before the call. */
export const isLeaseOver = (startedMs: number): boolean =>
  performance.now() - startedMs > LEASE_MS - RENEW_EVERY_MS;
