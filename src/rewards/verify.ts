import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { EVENTS_SOURCE } from "../db/inbox.ts";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";

type Check = {
  /** The invariant, in words. */
  readonly promise: string;
  /** The table whose ids are cut into ranges of `size`. */
  readonly table: string;
  readonly idColumn: string;
  readonly size: number;
  /** Selects the ids in [from, to) that violate the invariant. */
  faults(from: string, to: string): SQL;
};

/**
 * Invariants that hold at any time. Each check is one statement, so it sees one snapshot and is exact during
 * writes.
 */
export const CHECKS = {
  transactions: {
    promise: "the entries of every ledger transaction sum to zero",
    table: "ledger_transactions",
    idColumn: "id",
    size: 20_000,
    faults: (from, to) => sql`
      select transaction_id as id from ledger_entries where transaction_id >= ${from} and transaction_id < ${to}
      group by transaction_id having sum(amount_micro) <> 0`,
  },
  balances: {
    promise: "every balance equals the sum of its entries",
    table: "ledger_accounts",
    idColumn: "id",
    size: 1_000,
    faults: (from, to) => sql`
      select a.id from ledger_accounts a
      left join ledger_balances b on b.account_id = a.id
      left join lateral (select sum(amount_micro) as total from ledger_entries e where e.account_id = a.id) e on true
      where a.id >= ${from} and a.id < ${to} and a.kind = 'volunteer'
        and (b.account_id is null or b.balance_micro <> coalesce(e.total, 0))`,
  },
  inbox: {
    promise: "every accepted inbox message of a sale is exactly one sale, and no other message is one",
    table: "inbox",
    idColumn: "id",
    size: 20_000,
    faults: (from, to) => sql`
      select i.id from inbox i left join token_sales s on s.inbox_id = i.id
      where i.id >= ${from} and i.id < ${to} and i.source <> ${EVENTS_SOURCE}
        and ((i.outcome = 'accepted') <> (s.id is not null) or (i.outcome in ('duplicate', 'conflict')) <> (i.first_id is not null))`,
  },
  sales: {
    promise: "every sale is applied, held, unresolved or reversed, or its job is in the outbox",
    table: "token_sales",
    idColumn: "id",
    size: 5_000,
    faults: (from, to) => sql`
      select s.id from token_sales s
      where s.id >= ${from} and s.id < ${to} and s.status = 'accepted'
        and not exists (select 1 from outbox o where o.job = 'distribute-commission' and o.key = s.id::text)`,
  },
  commissions: {
    promise: "the ledger moved for a sale what its commission lines say, and a reversal moved all of it back",
    table: "token_sales",
    idColumn: "id",
    size: 5_000,
    faults: (from, to) => sql`
      select s.id from token_sales s
      left join (
        select sale_id, sum(amount_micro) as total, count(*) filter (where status = 'earned') as earned,
               count(*) filter (where status = 'held') as held, count(*) filter (where status = 'reversed') as reversed
        from commissions where sale_id >= ${from} and sale_id < ${to} group by sale_id) c on c.sale_id = s.id
      left join ledger_transactions t on t.kind = 'commission' and t.source = 'token_sale' and t.external_id = s.id::text
      left join lateral (select sum(amount_micro) as paid from ledger_entries e where e.transaction_id = t.id and e.amount_micro > 0) p on true
      left join ledger_transactions r on r.reverses = t.id
      where s.id >= ${from} and s.id < ${to} and (
        coalesce(c.total, 0) <> coalesce(p.paid, 0)
        or (s.status = 'applied' and coalesce(c.held + c.reversed, 0) > 0)
        or (s.status = 'held' and coalesce(c.earned + c.reversed, 0) > 0)
        or (s.status = 'reversed' and coalesce(c.earned + c.held, 0) > 0)
        or (s.status in ('accepted', 'unresolved') and c.sale_id is not null)
        or (t.id is not null and (s.status = 'reversed') <> (r.id is not null)))`,
  },
  uplines: {
    promise: "the upline of every profile is its chain of referrers, and every profile has an account",
    table: "volunteer_profiles",
    idColumn: "id",
    size: 5_000,
    faults: (from, to) => sql`
      select p.id from volunteer_profiles p
      left join volunteer_profiles r on r.id = p.referrer_id
      where p.id >= ${from} and p.id < ${to}
        and (p.upline <> case when r.id is null then '{}' else (r.id || r.upline)[1:5] end
             or not exists (select 1 from ledger_accounts a where a.profile_id = p.id))`,
  },
  budgets: {
    promise: "every budget paid out or carried over its pool, and the ledger moved what its awards say",
    table: "budget_periods",
    idColumn: "id",
    size: 200,
    faults: (from, to) => sql`
      select b.id from budget_periods b
      left join lateral (select sum(amount_micro) as total from budget_awards a where a.period_id = b.id) a on true
      left join ledger_transactions t on t.kind = 'budget' and t.source = 'budget_period' and t.external_id = b.id::text
      left join lateral (select sum(amount_micro) as paid from ledger_entries e where e.transaction_id = t.id and e.amount_micro > 0) p on true
      left join lateral (
        select case when o.leftover_to = 'carry' then greatest(o.leftover_micro, 0) end as carried from budget_periods o
        where o.organization_id = b.organization_id and o.period_type = b.period_type and o.id < b.id order by o.id desc limit 1) o on true
      where b.id >= ${from} and b.id < ${to} and (
        b.paid_micro + b.leftover_micro <> b.pool_micro or b.granted_micro + b.carried_micro <> b.pool_micro
        or b.carried_micro <> coalesce(o.carried, 0)
        or coalesce(a.total, 0) <> b.paid_micro or coalesce(p.paid, 0) <> b.paid_micro
        or exists (select 1 from budget_awards w
                   left join ledger_accounts c on c.profile_id = w.profile_id
                   left join ledger_entries e on e.transaction_id = t.id and e.account_id = c.id
                   where w.period_id = b.id and w.amount_micro > 0 and e.amount_micro is distinct from w.amount_micro))`,
  },
  multipliers: {
    promise: "the multiplier of every profile is the latest of its history",
    table: "volunteer_profiles",
    idColumn: "id",
    size: 20_000,
    faults: (from, to) => sql`
      select p.id from volunteer_profiles p
      cross join lateral (
        select h.multiplier_hundredths from multiplier_history h where h.profile_id = p.id order by h.calculated_at desc limit 1) h
      where p.id >= ${from} and p.id < ${to} and p.activity_multiplier * 100 <> h.multiplier_hundredths`,
  },
} as const satisfies Record<string, Check>;

export type CheckName = keyof typeof CHECKS;
export const CHECK_NAMES = Object.keys(CHECKS) as CheckName[];

/** A check over the ids in [from, to). */
export const verifyRange = z.object({ check: z.enum(CHECK_NAMES), from: z.string(), to: z.string() });
export type VerifyRange = z.infer<typeof verifyRange>;

/** Cuts every check into ranges of ids that take a second or two each. */
export async function cutChecks(tx: Tx): Promise<VerifyRange[]> {
  const ranges: VerifyRange[] = [];
  for (const check of CHECK_NAMES) {
    const { table, idColumn, size } = CHECKS[check];
    const id = sql.identifier(idColumn);
    const [span] = await rows<{ least: string | null; most: string | null }>(
      tx,
      sql`select min(${id}) as least, max(${id}) as most from ${sql.identifier(table)}`,
    );
    if (!span?.least || !span.most) continue;
    const end = BigInt(span.most) + 1n;
    for (let from = BigInt(span.least); from < end; from += BigInt(size)) {
      const to = from + BigInt(size) < end ? from + BigInt(size) : end;
      ranges.push({ check, from: String(from), to: String(to) });
    }
  }
  return ranges;
}

const FAULTS_KEPT = 100;

/** @returns the ids that violate the invariant, at most the first hundred of the range. */
export async function checkRange(tx: Tx, range: VerifyRange): Promise<string[]> {
  // A range is small and every lookup has an index. With stale statistics the planner would scan whole tables
  // per row.
  await tx.execute(sql`set local enable_seqscan = off`);
  const found = await rows<{ id: string }>(
    tx,
    sql`select id from (${CHECKS[range.check].faults(range.from, range.to)}) as fault order by id limit ${FAULTS_KEPT}`,
  );
  return found.map((row) => row.id);
}
