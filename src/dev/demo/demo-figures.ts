import { setTimeout as delay } from "node:timers/promises";
import { sql } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { array, rows } from "../../db/statement.ts";
import { formatAmount } from "../../scoring/money.ts";
import { DELIVERY_COUNTS, type Delivery, type DeliveryKind } from "./demo-deliveries.ts";
import type { Answer } from "./demo-send.ts";

const KIND_NAMES: Readonly<Record<DeliveryKind, string>> = {
  ordinary: "sale to a referred volunteer",
  "no-referrer": "sale to somebody without a referrer",
  suspicious: "far too large, or far too late",
  "unknown-buyer": "sale to a buyer nobody knows",
  repeated: "the same delivery again",
  altered: "the same key, another amount",
  unsigned: "signed with another secret",
  unreadable: "signed, but the amount is a text",
};

/** One line of the table of deliveries: a kind, what it was answered, what became of it. */
export type DeliveryFate = {
  readonly kind: string;
  readonly sent: number;
  readonly answers: string;
  readonly became: string;
};

/** What became of every kind of delivery, counted from the answers and from the rows that they left. */
export async function fatesOf(
  db: Database,
  deliveries: readonly Delivery[],
  answers: readonly Answer[],
): Promise<DeliveryFate[]> {
  const sales = await salesOf(db, deliveries);
  return (Object.keys(DELIVERY_COUNTS) as DeliveryKind[]).map((kind) => {
    const mine = deliveries.flatMap((delivery, index) =>
      delivery.kind === kind ? [{ delivery, answer: answers[index] as Answer }] : [],
    );
    return {
      kind: KIND_NAMES[kind],
      sent: mine.length,
      answers: tally(mine.map(({ answer }) => `${answer.code} ${answer.status}`)),
      became: tally(mine.map(({ delivery }) => becameOf(delivery, sales.get(delivery.transactionId)))),
    };
  });
}

type SaleState = { status: string; amountMicro: string; paidMicro: string };

function becameOf(delivery: Delivery, sale: SaleState | undefined): string {
  if (!sale) return "no sale";
  // What repeats or contradicts is looked up by the key of its first: that one must stand as it was.
  if (delivery.after === null)
    return sale.status === "applied" && sale.paidMicro === "0" ? "applied, nobody to pay" : sale.status;
  const ownAmount = /"amount":([\d.]+)/.exec(delivery.body)?.[1] ?? "";
  const same = Number(ownAmount) === Number(formatAmount(BigInt(sale.amountMicro)));
  return same === (delivery.kind === "repeated") ? "nothing changed" : "CHANGED";
}

async function salesOf(db: Database, deliveries: readonly Delivery[]): Promise<Map<string, SaleState>> {
  const keys = [...new Set(deliveries.map(({ transactionId }) => transactionId))];
  const found = await rows<SaleState & { key: string }>(
    db.drizzle,
    sql`select s.external_id as key, s.status, s.amount_micro as "amountMicro",
               coalesce((select sum(c.amount_micro) from commissions c where c.sale_id = s.id), 0)::text as "paidMicro"
        from token_sales s where s.external_id = any(${array(keys)}::text[])`,
  );
  return new Map(found.map(({ key, ...sale }) => [key, sale]));
}

/** "370 x applied": the commonest first. */
function tally(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([word, n]) => (counts.size === 1 ? word : `${n} × ${word}`))
    .join(", ");
}

const SETTLE_LIMIT_MS = 30_000;

/** Waits until every sale has been decided and no work is due. @throws Error after 30 s. */
export async function untilSettled(db: Database): Promise<void> {
  const deadline = performance.now() + SETTLE_LIMIT_MS;
  for (;;) {
    const [open] = await rows<{ n: number }>(
      db.drizzle,
      sql`select (select count(*) from token_sales where status = 'accepted')::int
               + (select count(*) from outbox where dead_at is null and run_at <= now())::int as n`,
    );
    if (open?.n === 0) return;
    if (performance.now() > deadline)
      throw new Error(`The work was not done within ${SETTLE_LIMIT_MS / 1_000} s.`);
    await delay(25);
  }
}

export type Earner = {
  name: string;
  organization: string;
  level: number;
  branch: number;
  lines: number;
  balance: string;
};

/** Those who earned most, with how they stand in the tree. */
export async function topEarners(db: Database, limit: number): Promise<Earner[]> {
  const found = await rows<Earner & { balance: string }>(
    db.drizzle,
    sql`select u.name, replace(o.name, 'Demo: ', '') as organization, cardinality(p.upline) as level,
               (select count(*)::int from volunteer_profiles q where p.id = any(q.upline)) as branch,
               (select count(*)::int from commissions c where c.beneficiary_id = p.id and c.status = 'earned') as lines,
               b.balance_micro::text as balance
        from ledger_balances b
        join ledger_accounts a on a.id = b.account_id
        join volunteer_profiles p on p.id = a.profile_id
        join users u on u.id = p.user_id
        join organizations o on o.id = p.organization_id
        order by b.balance_micro desc, p.id limit ${limit}`,
  );
  return found.map((earner) => ({ ...earner, balance: formatAmount(BigInt(earner.balance)) }));
}

export type Books = { treasury: string; volunteers: string; held: string; transactions: number; sum: string };

/** The whole ledger in five figures; `sum` is the one that must be zero. */
export async function booksOf(db: Database): Promise<Books> {
  const [books] = await rows<{
    treasury: string;
    volunteers: string;
    held: string;
    total: string;
    transactions: number;
  }>(
    db.drizzle,
    sql`select coalesce(sum(e.amount_micro) filter (where a.kind = 'treasury'), 0)::text as treasury,
               coalesce(sum(e.amount_micro) filter (where a.kind = 'volunteer'), 0)::text as volunteers,
               coalesce(sum(e.amount_micro) filter (where a.kind = 'held'), 0)::text as held,
               coalesce(sum(e.amount_micro), 0)::text as total,
               count(distinct e.transaction_id)::int as transactions
        from ledger_entries e join ledger_accounts a on a.id = e.account_id`,
  );
  if (!books) throw new Error("The books cannot be read.");
  const amount = (micro: string) => formatAmount(BigInt(micro));
  return {
    treasury: amount(books.treasury),
    volunteers: amount(books.volunteers),
    held: amount(books.held),
    transactions: books.transactions,
    sum: amount(books.total),
  };
}
