import { inTransaction } from "../../src/db/transaction.ts";
import { cutChecks, findViolations } from "../../src/rewards/verify.ts";
import type { World } from "./world.ts";

/** The ledger, sales and budgets as one value, to compare before and after a refused operation. */
export async function fingerprintOf(world: World): Promise<string> {
  const [row] = await world.query<{ print: string }>(`select concat_ws('|',
    (select md5(string_agg(t::text, ',' order by transaction_id, leg)) from ledger_entries t),
    (select md5(string_agg(t::text, ',' order by id)) from ledger_transactions t),
    (select md5(string_agg(t::text, ',' order by account_id)) from ledger_balances t),
    (select md5(string_agg(t::text, ',' order by sale_id, level)) from commissions t),
    (select md5(string_agg(t::text, ',' order by id)) from token_sales t),
    (select md5(string_agg(t::text, ',' order by id)) from sale_refunds t),
    (select md5(string_agg(t::text, ',' order by id)) from budget_periods t),
    (select md5(string_agg(t::text, ',' order by period_id, profile_id)) from budget_awards t)) as print`);
  return row!.print;
}

/**
 * The sales for which the ledger moved other amounts than the commission lines say: paid twice, paid while
 * held, not reversed. Empty if there are none.
 */
const paidOtherwise = (world: World) =>
  world.query(`
    with moved as (
      select coalesce(f.sale_id, split_part(t.external_id, '/', 1)::bigint) as sale, a.profile_id as person, sum(e.amount_micro) as amount
      from ledger_entries e join ledger_transactions t on t.id = e.transaction_id join ledger_accounts a on a.id = e.account_id
      left join sale_refunds f on t.source = 'sale_refund' and f.id::text = t.external_id
      where a.kind = 'volunteer' and t.source in ('token_sale', 'sale_recheck', 'sale_refund') group by 1, 2),
    due as (
      select sale_id as sale, beneficiary_id as person, sum(amount_micro - reversed_micro) as amount
      from commissions where status = 'earned' group by 1, 2)
    select coalesce(m.sale, d.sale) as sale, m.amount as moved, d.amount as due from moved m full join due d using (sale, person)
    where coalesce(m.amount, 0) <> coalesce(d.amount, 0)`);

/** @returns all inconsistencies of the ledger. */
export async function faultsOfBooks(world: World): Promise<string[]> {
  const faults: string[] = [];
  const [sum] = await world.query<{ total: string }>(
    "select coalesce(sum(amount_micro), 0)::text as total from ledger_entries",
  );
  if (sum?.total !== "0") faults.push(`the entries sum to ${sum?.total}`);
  for (const row of await paidOtherwise(world)) faults.push(`paid otherwise: ${JSON.stringify(row)}`);
  await inTransaction(world.db, async (tx) => {
    for (const range of (await cutChecks(tx)).ranges)
      for (const id of await findViolations(tx, range)) faults.push(`${range.check} ${id}`);
  });
  return faults;
}
