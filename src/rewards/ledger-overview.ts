import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";
import { formatAmount } from "../scoring/money.ts";
import type { VerificationScope } from "./verifications.ts";

/** The totals of the accounts. Amounts are decimal tokens. */
export type LedgerTotals = {
  readonly volunteers: string;
  /** The number of accounts of volunteers. */
  readonly accounts: number;
  readonly held: string;
  /** Held sales; a lower bound if `heldIsPartial`. */
  readonly heldSales: number;
  readonly heldIsPartial: boolean;
  /** Minus the sum of the others. */
  readonly treasury: string;
};

export type LargeAccount = {
  /** Our id of the owner. */
  readonly userId: string;
  readonly profileId: string;
  readonly organizationId: string;
  readonly balance: string;
};

/** At most this many held sales are added up: some tens of milliseconds. */
const HELD_READ = 10_000;

/**
 * The totals of the ledger. System accounts have no balance row, and adding up their entries would read the
 * whole ledger. So the held amount is added up over the held sales, and the treasury is the amount that makes
 * all accounts sum to zero; verify-ledger checks both.
 */
export async function readLedgerTotals(on: Queryable): Promise<LedgerTotals> {
  const [volunteers] = await rows<{ total: string; accounts: number }>(
    on,
    sql`select coalesce(sum(balance_micro), 0)::text as total, count(*)::int as accounts from ledger_balances`,
  );
  const [held] = await rows<{ total: string; sales: number }>(
    on,
    sql`select coalesce(sum(c.total), 0)::text as total, count(*)::int as sales
        from (select id from token_sales where status = 'held' order by id limit ${HELD_READ + 1}) s
        cross join lateral (
          select sum(amount_micro - reversed_micro) as total from commissions where sale_id = s.id and status = 'held') c`,
  );
  const [ofVolunteers, ofHeld] = [BigInt(volunteers?.total ?? 0), BigInt(held?.total ?? 0)];
  return {
    volunteers: formatAmount(ofVolunteers),
    accounts: volunteers?.accounts ?? 0,
    held: formatAmount(ofHeld),
    heldSales: Math.min(held?.sales ?? 0, HELD_READ),
    heldIsPartial: (held?.sales ?? 0) > HELD_READ,
    treasury: formatAmount(-ofVolunteers - ofHeld),
  };
}

/** The accounts with the largest balances. */
export async function largestAccounts(on: Queryable, limit: number): Promise<LargeAccount[]> {
  const found = await rows<LargeAccount>(
    on,
    sql`select p.user_id as "userId", p.id as "profileId", p.organization_id as "organizationId", b.balance_micro::text as balance
        from (select account_id, balance_micro from ledger_balances order by balance_micro desc, account_id limit ${limit}) b
        join ledger_accounts a on a.id = b.account_id join volunteer_profiles p on p.id = a.profile_id
        order by b.balance_micro desc, b.account_id`,
  );
  return found.map((account) => ({ ...account, balance: formatAmount(BigInt(account.balance)) }));
}

/** A verification of the ledger. */
export type Verification = {
  readonly asOf: Date;
  readonly scope: VerificationScope;
  /** Faults that it found; null while it runs. */
  readonly drift: number | null;
};

/** The latest verifications, newest first. */
export async function latestVerifications(on: Queryable, limit: number): Promise<Verification[]> {
  const found = await rows<Omit<Verification, "asOf"> & { asOf: string }>(
    on,
    sql`select as_of as "asOf", scope, drift from ledger_verifications order by as_of desc limit ${limit}`,
  );
  return found.map((row) => ({ ...row, asOf: new Date(row.asOf) }));
}
