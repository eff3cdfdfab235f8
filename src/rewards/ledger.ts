import type { ledgerTransactions } from "../db/schema/rewards.ts";
import { array, prepared, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";

/** A system account, or the account of a volunteer profile. */
export type LedgerAccount = "treasury" | "held" | { readonly profileId: string };

export type Leg = { readonly account: LedgerAccount; readonly amountMicro: bigint };

/** A ledger transaction to be posted. Its legs sum to zero; (kind, source, externalId) is unique. */
export type Posting = {
  readonly kind: (typeof ledgerTransactions.$inferSelect)["kind"];
  readonly source: string;
  readonly externalId: string;
  readonly occurredAt: Date;
  readonly legs: readonly Leg[];
  /** The transaction that this one reverses. */
  readonly reverses?: string;
};

/**
 * Writes ledger transactions and updates the balances of volunteers, in four statements, two of them
 * pipelined.
 *
 * Balances are locked last and in account order, so that transactions do not deadlock and hold the locks
 * briefly. System accounts have no balance row: every transaction would wait for that of the treasury.
 *
 * @throws a unique violation on `ledger_transactions_once` for a transaction that exists.
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
  // Pipelined in this order: there is no contention for the entries, but there may be for the balances.
  await Promise.all([writeEntries, moveBalances(tx, postings, accountIds)]);
}

/** Account ids by profile id, those of system accounts by kind. */
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

/** The accounts of all legs. Each profile has one since it was created. */
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
  // All rows are locked in account order, then updated, in one statement, since others wait for these rows.
  // (FOR UPDATE would deadlock with the key-share locks of foreign keys; FOR NO KEY UPDATE does not.)
  await tx.execute(
    prepared`with locked as materialized (
          select account_id from ledger_balances where account_id = any(${array(ids)}::bigint[]) order by account_id for no key update)
        update ledger_balances b set balance_micro = b.balance_micro + moved.delta
        from unnest(${array(ids)}::bigint[], ${array([...deltas.values()].map(String))}::bigint[]) as moved(account_id, delta)
        where b.account_id = moved.account_id and (select count(*) from locked) > 0`,
  );
}
