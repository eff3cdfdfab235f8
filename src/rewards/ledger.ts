import { sql } from "drizzle-orm";
import { array, rows, type Tx } from "../db/client.ts";

/** Who a leg is for: a system account, or the volunteer behind a profile. */
export type LedgerAccount = "treasury" | "held" | { readonly profileId: string };

export type Leg = { readonly account: LedgerAccount; readonly amountMicro: bigint };

/** A movement to be written down. Its legs sum to zero; (kind, source, externalId) makes it happen once. */
export type Posting = {
  readonly kind: "commission" | "release" | "reversal" | "budget";
  readonly source: string;
  readonly externalId: string;
  readonly occurredAt: Date;
  readonly legs: readonly Leg[];
  /** The transaction that this one takes back. */
  readonly reverses?: string;
};

/**
 * Writes postings and moves the balances of volunteers, in four statements however many there are.
 *
 * Balances are locked in account order and last, so that transactions neither deadlock nor hold them long; system accounts have
 * none (a balance row for the treasury would be the one row that everybody waits for).
 *
 * @returns the ids of the ledger transactions, in the order of the postings.
 * @throws a unique violation on `ledger_transactions_once` when a movement has been written before.
 */
export async function post(tx: Tx, postings: readonly Posting[]): Promise<string[]> {
  if (postings.length === 0) return [];
  const accountIds = await accountsFor(tx, postings);
  const ids = await drawIds(tx, postings.length);
  await tx.execute(
    sql`insert into ledger_transactions (id, kind, source, external_id, occurred_at, reverses)
        select * from unnest(
          ${array(ids)}::bigint[], ${array(postings.map((p) => p.kind))}::text[], ${array(postings.map((p) => p.source))}::text[],
          ${array(postings.map((p) => p.externalId))}::text[],
          ${array(postings.map((p) => p.occurredAt.toISOString()))}::timestamptz[],
          ${array(postings.map((p) => p.reverses ?? null))}::bigint[])`,
  );
  const legs = postings.flatMap((posting, index) =>
    posting.legs.map((leg, n) => ({
      transaction: ids[index] as string,
      leg: n + 1,
      account: accountIds.get(accountKey(leg.account)) as string,
      amount: String(leg.amountMicro),
    })),
  );
  await tx.execute(
    sql`insert into ledger_entries (transaction_id, leg, account_id, amount_micro)
        select * from unnest(${array(legs.map((l) => l.transaction))}::bigint[], ${array(legs.map((l) => l.leg))}::smallint[],
                             ${array(legs.map((l) => l.account))}::bigint[], ${array(legs.map((l) => l.amount))}::bigint[])`,
  );
  await moveBalances(tx, postings, accountIds);
  return ids;
}

const accountKey = (account: LedgerAccount): string =>
  typeof account === "string" ? account : account.profileId;

async function drawIds(tx: Tx, count: number): Promise<string[]> {
  const drawn = await rows<{ id: string }>(
    tx,
    sql`select nextval(pg_get_serial_sequence('ledger_transactions', 'id')) as id from generate_series(1, ${count})`,
  );
  return drawn.map((row) => row.id);
}

/** Finds the account of everybody concerned; a volunteer's first movement opens theirs. */
async function accountsFor(tx: Tx, postings: readonly Posting[]): Promise<Map<string, string>> {
  const profiles = new Set<string>();
  for (const { legs } of postings) {
    for (const { account } of legs) if (typeof account !== "string") profiles.add(account.profileId);
  }
  const wanted = [...profiles].sort();
  const found = await readAccounts(tx, wanted);
  const missing = wanted.filter((profileId) => !found.has(profileId));
  if (missing.length === 0) return found;
  await tx.execute(
    sql`insert into ledger_accounts (kind, profile_id) select 'volunteer', unnest(${array(missing)}::bigint[]) on conflict (profile_id) do nothing`,
  );
  await tx.execute(
    sql`insert into ledger_balances (account_id) select id from ledger_accounts where profile_id = any(${array(missing)}::bigint[])
        order by id on conflict (account_id) do nothing`,
  );
  return readAccounts(tx, wanted);
}

async function readAccounts(tx: Tx, profileIds: readonly string[]): Promise<Map<string, string>> {
  const found = await rows<{ id: string; kind: string; profileId: string | null }>(
    tx,
    sql`select id, kind, profile_id as "profileId" from ledger_accounts where profile_id = any(${array(profileIds)}::bigint[])
        union all select id, kind, null from ledger_accounts where profile_id is null`,
  );
  return new Map(found.map((row) => [row.profileId ?? row.kind, row.id]));
}

async function moveBalances(
  tx: Tx,
  postings: readonly Posting[],
  accountIds: ReadonlyMap<string, string>,
): Promise<void> {
  const deltas = new Map<string, bigint>();
  for (const { legs } of postings) {
    for (const { account, amountMicro } of legs) {
      if (typeof account === "string") continue;
      const id = accountIds.get(account.profileId) as string;
      deltas.set(id, (deltas.get(id) ?? 0n) + amountMicro);
    }
  }
  const ids = [...deltas.keys()];
  if (ids.length === 0) return;
  // FOR UPDATE would deadlock against the key-share locks of the foreign keys; this strength does not.
  await tx.execute(
    sql`select 1 from ledger_balances where account_id = any(${array(ids)}::bigint[]) order by account_id for no key update`,
  );
  await tx.execute(
    sql`update ledger_balances b set balance_micro = b.balance_micro + moved.delta
        from unnest(${array(ids)}::bigint[], ${array([...deltas.values()].map(String))}::bigint[]) as moved(account_id, delta)
        where b.account_id = moved.account_id`,
  );
}
