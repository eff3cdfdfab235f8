import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";
import { formatAmount } from "../scoring/money.ts";

/** A line of a volunteer's account statement. Amounts are decimal tokens. */
export type StatementLine = {
  /** Identifies the line; also the cursor of the page after it. */
  readonly id: string;
  readonly occurredAt: Date;
  readonly kind: string;
  readonly amount: string;
  /** The host's id where there is one. */
  readonly organizationId: string;
  /** The argument of `explain`: `award:12:34` or `commission:8:1`; null if there is no explanation. */
  readonly explain: string | null;
};

export type Statement = {
  readonly balance: string;
  /** Newest first. */
  readonly lines: readonly StatementLine[];
  /** The cursor of the next page; null on the last page. */
  readonly next: string | null;
};

export type StatementOptions = {
  readonly limit: number;
  /** The `next` of the previous page. */
  readonly before?: string | undefined;
};

type LineRow = {
  transaction: string;
  account: string;
  occurredAt: string;
  kind: string;
  amount: string;
  organizationId: string;
  profileId: string;
  source: string;
  externalId: string;
  level: number | null;
};

const CURSOR = /^(\d{1,18})-(\d{1,18})$/;

/** Whether a text has the form of a cursor. */
export const isStatementCursor = (text: string): boolean => CURSOR.test(text);

/** A page of the account statement of a user, across all organizations. */
export async function readStatement(
  on: Queryable,
  userId: string,
  { limit, before }: StatementOptions,
): Promise<Statement> {
  const [, transaction = null, account = null] = CURSOR.exec(before ?? "") ?? [];
  const [total] = await rows<{ balance: string }>(
    on,
    sql`select coalesce(sum(b.balance_micro), 0)::text as balance
        from volunteer_profiles p join ledger_accounts a on a.profile_id = p.id join ledger_balances b on b.account_id = a.id
        where p.user_id = ${userId}`,
  );
  // The newest lines of each account by its index, then the newest of those.
  const found = await rows<LineRow>(
    on,
    sql`select l.transaction_id as transaction, a.id as account, t.occurred_at as "occurredAt", t.kind, l.amount_micro::text as amount,
               (select coalesce(o.host_id, o.id::text) from organizations o where o.id = p.organization_id) as "organizationId",
               coalesce(p.host_id, p.id::text) as "profileId", t.source, t.external_id as "externalId",
               (select c.level from commissions c
                where c.sale_id = case when t.source in ('token_sale', 'sale_recheck') then split_part(t.external_id, '/', 1)::bigint end
                  and c.beneficiary_id = p.id limit 1) as level
        from volunteer_profiles p
        join ledger_accounts a on a.profile_id = p.id
        cross join lateral (
          select e.transaction_id, e.amount_micro from ledger_entries e
          where e.account_id = a.id
            and (${transaction}::bigint is null or (e.transaction_id, e.account_id) < (${transaction}::bigint, ${account}::bigint))
          order by e.transaction_id desc limit ${limit + 1}) l
        join ledger_transactions t on t.id = l.transaction_id
        where p.user_id = ${userId}
        order by l.transaction_id desc, a.id desc limit ${limit + 1}`,
  );
  const lines = found.slice(0, limit).map(lineOf);
  return {
    balance: formatAmount(BigInt(total?.balance ?? 0)),
    lines,
    next: found.length > limit ? (lines.at(-1)?.id ?? null) : null,
  };
}

const lineOf = (row: LineRow): StatementLine => ({
  id: `${row.transaction}-${row.account}`,
  occurredAt: new Date(row.occurredAt),
  kind: row.kind,
  amount: formatAmount(BigInt(row.amount)),
  organizationId: row.organizationId,
  explain: explainedBy(row),
});

function explainedBy({ source, externalId, profileId, level }: LineRow): string | null {
  if (source === "budget_period") return `award:${externalId}:${profileId}`;
  const [saleId] = externalId.split("/");
  return level === null ? null : `commission:${saleId}:${level}`;
}
