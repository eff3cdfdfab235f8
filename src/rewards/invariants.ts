import { type SQL, sql } from "drizzle-orm";
import { EVENTS_SOURCE } from "../db/inbox.ts";

/** Restricts the ids that a statement reads. */
export type Within = (id: SQL) => SQL;

export type Invariant = {
  /** The invariant, in words. */
  readonly promise: string;
  /** The table whose ids are cut into ranges of `size`. */
  readonly table: string;
  readonly size: number;
  /**
   * The rows that a verification of new data reads: new rows; rows that new ledger transactions `touched`; or
   * none, where rows change without a trace in the ledger.
   */
  readonly news: "rows" | "touched" | "nothing";
  /** Selects the ids that ledger transactions in [from, to) touched. */
  touched?(from: string, to: string): SQL;
  /** Selects the ids within a range that violate the invariant. */
  faults(within: Within): SQL;
};

/** Selects the ledger transactions of the sale `s` of `token_sales`. */
export const TRANSACTIONS_OF_SALE = sql`
          select t.id from ledger_transactions t
          where t.kind in ('commission', 'release', 'reversal') and t.source = 'token_sale' and t.external_id = s.id::text
          union all
          select t.id from jsonb_array_elements_text(s.inputs->'rechecks') late join ledger_transactions t
            on t.kind = 'recheck' and t.source = 'sale_recheck' and t.external_id = s.id || '/' || late
          union all
          select t.id from sale_refunds f join ledger_transactions t
            on t.kind = 'refund' and t.source = 'sale_refund' and t.external_id = f.id::text where f.sale_id = s.id`;

/** The sales whose commissions ledger transactions in [from, to) moved. */
const salesTouched = (from: string, to: string): SQL => sql`
      select split_part(external_id, '/', 1)::bigint from ledger_transactions
      where id >= ${from} and id < ${to} and source in ('token_sale', 'sale_recheck')
      union select f.sale_id from sale_refunds f join ledger_transactions t
        on t.kind = 'refund' and t.source = 'sale_refund' and t.external_id = f.id::text
      where t.id >= ${from} and t.id < ${to}`;

/**
 * Invariants that hold at any time. Each check is one statement, so it sees one snapshot and is exact during
 * writes.
 */
export const CHECKS = {
  transactions: {
    promise: "the entries of every ledger transaction sum to zero",
    table: "ledger_transactions",
    size: 20_000,
    news: "rows",
    faults: (within) => sql`
      select transaction_id as id from ledger_entries where ${within(sql`transaction_id`)}
      group by transaction_id having sum(amount_micro) <> 0`,
  },
  balances: {
    promise: "every balance equals the sum of its entries",
    table: "ledger_accounts",
    size: 1_000,
    news: "touched",
    touched: (from, to) => sql`
      select account_id from ledger_entries where transaction_id >= ${from} and transaction_id < ${to}`,
    faults: (within) => sql`
      select a.id from ledger_accounts a
      left join ledger_balances b on b.account_id = a.id
      left join lateral (select sum(amount_micro) as total from ledger_entries e where e.account_id = a.id) e on true
      where ${within(sql`a.id`)} and a.kind = 'volunteer'
        and (b.account_id is null or b.balance_micro <> coalesce(e.total, 0))`,
  },
  inbox: {
    promise: "every accepted inbox message is exactly one sale or refund, and no other message is one",
    table: "inbox",
    size: 20_000,
    news: "rows",
    faults: (within) => sql`
      select i.id from inbox i left join token_sales s on s.inbox_id = i.id left join sale_refunds f on f.inbox_id = i.id
      where ${within(sql`i.id`)} and i.source <> ${EVENTS_SOURCE}
        and ((i.outcome = 'accepted') <> (coalesce(s.id, f.id) is not null) or i.outcome in ('duplicate', 'conflict') and i.first_id is null)`,
  },
  sales: {
    promise: "every sale is applied, held, unresolved or reversed, or its job is in the outbox",
    table: "token_sales",
    size: 5_000,
    news: "rows",
    faults: (within) => sql`
      select s.id from token_sales s
      where ${within(sql`s.id`)} and s.status = 'accepted'
        and not exists (select 1 from outbox o where o.job = 'distribute-commission' and o.key = s.id::text)`,
  },
  commissions: {
    promise:
      "the ledger moved for a sale what its commission lines say, and refunds and a reversal moved back what they say",
    table: "token_sales",
    size: 5_000,
    news: "touched",
    touched: salesTouched,
    faults: (within) => sql`
      select s.id from token_sales s
      left join (
        select sale_id, sum(amount_micro) as total, sum(reversed_micro) as back, count(*) filter (where status = 'earned') as earned,
               count(*) filter (where status = 'held') as held, count(*) filter (where status = 'reversed') as reversed
        from commissions where ${within(sql`sale_id`)} group by sale_id) c on c.sale_id = s.id
      left join ledger_transactions t on t.kind = 'commission' and t.source = 'token_sale' and t.external_id = s.id::text
      left join lateral (select sum(amount_micro) as paid from ledger_entries e where e.transaction_id = t.id and e.amount_micro > 0) p on true
      left join ledger_transactions r on r.reverses = t.id
      left join lateral (
        select sum(e.amount_micro) as back from ledger_entries e where e.amount_micro > 0 and e.transaction_id in (
          select r.id union all
          select u.id from sale_refunds f join ledger_transactions u
            on u.kind = 'refund' and u.source = 'sale_refund' and u.external_id = f.id::text where f.sale_id = s.id)) b on true
      where ${within(sql`s.id`)} and (
        coalesce(c.total, 0) <> coalesce(p.paid, 0) or coalesce(c.back, 0) <> coalesce(b.back, 0)
        or (s.status = 'applied' and coalesce(c.held + c.reversed, 0) > 0)
        or (s.status = 'held' and coalesce(c.earned + c.reversed, 0) > 0)
        or (s.status = 'reversed' and coalesce(c.earned + c.held, 0) > 0)
        or (s.status in ('accepted', 'unresolved') and c.sale_id is not null)
        or (s.status = 'reversed' and coalesce(c.back, 0) <> coalesce(c.total, 0))
        or (r.id is not null and s.status <> 'reversed'))`,
  },
  holds: {
    promise: "the held account has for every sale what is left of its held commissions",
    table: "token_sales",
    size: 5_000,
    news: "touched",
    touched: salesTouched,
    faults: (within) => sql`
      select s.id from token_sales s
      left join lateral (
        select sum(c.amount_micro - c.reversed_micro) as total from commissions c where c.sale_id = s.id and c.status = 'held') c on true
      left join lateral (
        select sum(e.amount_micro) as total from ledger_entries e join ledger_accounts a on a.id = e.account_id and a.kind = 'held'
        where e.transaction_id in (${TRANSACTIONS_OF_SALE})) e on true
      where ${within(sql`s.id`)} and coalesce(c.total, 0) <> coalesce(e.total, 0)`,
  },
  uplines: {
    promise: "the upline of every profile is its chain of referrers, and every profile has an account",
    table: "volunteer_profiles",
    size: 5_000,
    news: "rows",
    faults: (within) => sql`
      select p.id from volunteer_profiles p
      left join volunteer_profiles r on r.id = p.referrer_id
      where ${within(sql`p.id`)}
        and (p.upline <> case when r.id is null then '{}' else (r.id || r.upline)[1:5] end
             or not exists (select 1 from ledger_accounts a where a.profile_id = p.id))`,
  },
  budgets: {
    promise: "every budget paid out or carried over its pool, and the ledger moved what its awards say",
    table: "budget_periods",
    size: 200,
    news: "rows",
    faults: (within) => sql`
      select b.id from budget_periods b
      left join lateral (select sum(amount_micro) as total from budget_awards a where a.period_id = b.id) a on true
      left join ledger_transactions t on t.kind = 'budget' and t.source = 'budget_period' and t.external_id = b.id::text
      left join lateral (select sum(amount_micro) as paid from ledger_entries e where e.transaction_id = t.id and e.amount_micro > 0) p on true
      left join lateral (
        select case when o.leftover_to = 'carry' then greatest(o.leftover_micro, 0) end as carried from budget_periods o
        where o.organization_id = b.organization_id and o.period_type = b.period_type and o.id < b.id order by o.id desc limit 1) o on true
      where ${within(sql`b.id`)} and (
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
    size: 20_000,
    news: "nothing",
    faults: (within) => sql`
      select p.id from volunteer_profiles p
      cross join lateral (
        select h.multiplier_hundredths from multiplier_history h where h.profile_id = p.id order by h.calculated_at desc limit 1) h
      where ${within(sql`p.id`)} and p.activity_multiplier * 100 <> h.multiplier_hundredths`,
  },
} as const satisfies Record<string, Invariant>;

export type CheckName = keyof typeof CHECKS;
export const CHECK_NAMES = Object.keys(CHECKS) as CheckName[];
