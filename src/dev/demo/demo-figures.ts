import { setTimeout as delay } from "node:timers/promises";
import { sql } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { array, rows } from "../../db/statement.ts";
import { formatAmount } from "../../scoring/money.ts";
import type { WebhookAnswer } from "./demo-send.ts";
import { CALL_COUNTS, type CallKind, type WebhookCall } from "./webhook-calls.ts";

const KIND_NAMES: Readonly<Record<CallKind, string>> = {
  ordinary: "sale to a referred volunteer",
  "no-referrer": "sale to a volunteer without referrer",
  suspicious: "suspiciously large or late sale",
  "unknown-buyer": "sale to an unknown buyer",
  repeated: "repeated call",
  altered: "same transaction, other amount",
  unsigned: "wrong signature",
  unreadable: "amount is not a number",
};

/** One row of the table of calls: a kind with its responses and results. */
export type CallResult = {
  readonly kind: string;
  readonly sent: number;
  readonly responses: string;
  readonly result: string;
};

/** The results by kind of call, counted from the responses and from the rows written. */
export async function resultsOf(
  db: Database,
  calls: readonly WebhookCall[],
  answers: readonly WebhookAnswer[],
): Promise<CallResult[]> {
  const sales = await salesOf(db, calls);
  return (Object.keys(CALL_COUNTS) as CallKind[]).map((kind) => {
    const mine = calls.flatMap((call, index) =>
      call.kind === kind ? [{ call, answer: answers[index] as WebhookAnswer }] : [],
    );
    return {
      kind: KIND_NAMES[kind],
      sent: mine.length,
      responses: tally(mine.map(({ answer }) => `${answer.code} ${answer.status}`)),
      result: tally(mine.map(({ call }) => resultOf(call, sales.get(call.transactionId)))),
    };
  });
}

type SaleState = { status: string; amountMicro: string; paidMicro: string };

function resultOf(call: WebhookCall, sale: SaleState | undefined): string {
  if (!sale) return "no sale";
  // A repeated or altered call shares its transaction id with an earlier one, whose sale must be unchanged.
  if (call.after === null)
    return sale.status === "applied" && sale.paidMicro === "0" ? "applied, no commission due" : sale.status;
  const ownAmount = /"amount":([\d.]+)/.exec(call.body)?.[1] ?? "";
  const same = Number(ownAmount) === Number(formatAmount(BigInt(sale.amountMicro)));
  return same === (call.kind === "repeated") ? "nothing changed" : "CHANGED";
}

async function salesOf(db: Database, calls: readonly WebhookCall[]): Promise<Map<string, SaleState>> {
  const keys = [...new Set(calls.map(({ transactionId }) => transactionId))];
  const found = await rows<SaleState & { key: string }>(
    db.drizzle,
    sql`select s.external_id as key, s.status, s.amount_micro as "amountMicro",
               coalesce((select sum(c.amount_micro) from commissions c where c.sale_id = s.id), 0)::text as "paidMicro"
        from token_sales s where s.external_id = any(${array(keys)}::text[])`,
  );
  return new Map(found.map(({ key, ...sale }) => [key, sale]));
}

/** "370 × applied", most frequent first. */
function tally(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([word, n]) => (counts.size === 1 ? word : `${n} × ${word}`))
    .join(", ");
}

/** For hangs: on a busy machine, threads at idle priority hardly run. */
const SETTLE_LIMIT_MS = 120_000;

/** Waits until every sale has been decided and no work is due. @throws Error after two minutes. */
export async function untilSettled(db: Database): Promise<void> {
  await waitUntil(async () => {
    const [open] = await rows<{ n: number }>(
      db.drizzle,
      sql`select (select count(*) from token_sales where status = 'accepted')::int
               + (select count(*) from outbox where dead_at is null and run_at <= now())::int as n`,
    );
    return open?.n === 0;
  }, "There is still unfinished work");
}

/** Waits until a check holds. @throws Error with the given text after two minutes. */
export async function waitUntil(holds: () => Promise<boolean>, otherwise: string): Promise<void> {
  const deadline = performance.now() + SETTLE_LIMIT_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${otherwise} after ${SETTLE_LIMIT_MS / 1_000} s.`);
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

/** The volunteers with the highest balances, and their position in the referral tree. */
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

/** The whole ledger in five figures; `sum` must be zero. */
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
  if (!books) throw new Error("The ledger cannot be read.");
  const amount = (micro: string) => formatAmount(BigInt(micro));
  return {
    treasury: amount(books.treasury),
    volunteers: amount(books.volunteers),
    held: amount(books.held),
    transactions: books.transactions,
    sum: amount(books.total),
  };
}
