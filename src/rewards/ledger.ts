import { array, prepared, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";

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
 * Writes postings and moves the balances of volunteers, in four statements however many there are, two on the way at a time.
 *
 * Balances are locked in account order and last, so that transactions neither deadlock nor hold them long; system accounts have
 * none (a balance row for the treasury would be the one row that everybody waits for).
 *
 * @throws a unique violation on `ledger_transactions_once` when a movement has been written before.
 */
export async function post(tx: Tx, postings: readonly Posting[]): Promise<void> {
  if (postings.length === 0) return;
  const [accountIds, transactionIds] = await Promise.all([
    accountsFor(tx, postings),
    insertTransactions(tx, postings),
  ]);
  const legs = postings.flatMap((posting) => {
    const transaction = transactionIds.get(onceKey(posting)) as string;
    return posting.legs.map(({ account, amountMicro }, n) => ({
      transaction,
      leg: n + 1,
      account: accountIds.get(accountKey(account)) as string,
      amount: String(amountMicro),
    }));
  });
  const writeEntries = tx.execute(
    prepared`insert into ledger_entries (transaction_id, leg, account_id, amount_micro)
        select * from unnest(${array(legs.map((l) => l.transaction))}::bigint[], ${array(legs.map((l) => l.leg))}::smallint[],
                             ${array(legs.map((l) => l.account))}::bigint[], ${array(legs.map((l) => l.amount))}::bigint[])`,
  );
  // Sent together, in this order: nobody else holds the entries, many may wait for the balances.
  await Promise.all([writeEntries, moveBalances(tx, postings, accountIds)]);
}

/** Account ids by profile id, and those of the system accounts by kind. */
type Accounts = ReadonlyMap<string, string>;

const accountKey = (account: LedgerAccount): string =>
  typeof account === "string" ? account : account.profileId;

const onceKey = (posting: Pick<Posting, "kind" | "source" | "externalId">): string =>
  `${posting.kind}\n${posting.source}\n${posting.externalId}`;

async function insertTransactions(tx: Tx, postings: readonly Posting[]): Promise<Map<string, string>> {
  const inserted = await rows<{ id: string; kind: Posting["kind"]; source: string; externalId: string }>(
    tx,
    prepared`insert into ledger_transactions (kind, source, external_id, occurred_at, reverses)
        select * from unnest(
          ${array(postings.map((p) => p.kind))}::text[], ${array(postings.map((p) => p.source))}::text[],
          ${array(postings.map((p) => p.externalId))}::text[],
          ${array(postings.map((p) => p.occurredAt.toISOString()))}::timestamptz[],
          ${array(postings.map((p) => p.reverses ?? null))}::bigint[])
        returning id, kind, source, external_id as "externalId"`,
  );
  return new Map(inserted.map((row) => [onceKey(row), row.id]));
}

/** Finds the accounts of everybody concerned. Every profile has had one since it was created. */
async function accountsFor(tx: Tx, postings: readonly Posting[]): Promise<Accounts> {
  const profileIds = new Set<string>();
  for (const { legs } of postings) {
    for (const { account } of legs) if (typeof account !== "string") profileIds.add(account.profileId);
  }
  const found = await rows<{ id: string; kind: string; profileId: string | null }>(
    tx,
    prepared`select id, kind, profile_id as "profileId" from ledger_accounts where profile_id = any(${array([...profileIds])}::bigint[])
        union all select id, kind, null from ledger_accounts where profile_id is null`,
  );
  return new Map(found.map((row) => [row.profileId ?? row.kind, row.id]));
}

async function moveBalances(tx: Tx, postings: readonly Posting[], accountIds: Accounts): Promise<void> {
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
  // All are locked first, in account order, then moved: one statement, since everybody who pays the same people waits meanwhile.
  // (FOR UPDATE would deadlock against the key-share locks of the foreign keys; this strength does not.)
  await tx.execute(
    prepared`with locked as materialized (
          select account_id from ledger_balances where account_id = any(${array(ids)}::bigint[]) order by account_id for no key update)
        update ledger_balances b set balance_micro = b.balance_micro + moved.delta
        from unnest(${array(ids)}::bigint[], ${array([...deltas.values()].map(String))}::bigint[]) as moved(account_id, delta)
        where b.account_id = moved.account_id and (select count(*) from locked) > 0`,
  );
}
