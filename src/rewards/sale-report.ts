import { sql } from "drizzle-orm";
import type { saleRefunds, tokenSales } from "../db/schema/rewards.ts";
import { type Queryable, rows } from "../db/statement.ts";
import { formatAmount } from "../scoring/money.ts";
import type { DecisionInputs } from "./decision-inputs.ts";
import { TRANSACTIONS_OF_SALE } from "./invariants.ts";
import { readCommissionLines, type StoredLine } from "./stored-sales.ts";

type SaleColumns = typeof tokenSales.$inferSelect;

/** A sale with everything that happened to it. Amounts are decimal tokens. */
export type SaleReport = Pick<
  SaleColumns,
  "source" | "externalId" | "currency" | "timeAssumed" | "status" | "reasons" | "trace"
> & {
  readonly id: string;
  /** The number that the seller knows the buyer by. */
  readonly buyerNumber: string;
  /** Our id of the buyer; null while they have no profile. */
  readonly buyerUserId: string | null;
  readonly amount: string;
  readonly refunded: string;
  readonly soldAt: Date;
  readonly receivedAt: Date;
  readonly settledAt: Date | null;
  /** By level. */
  readonly lines: readonly StoredLine[];
  readonly refunds: readonly RefundOfSale[];
  readonly entries: readonly EntryOfSale[];
  /** The buyer's sales before it, as they were known when it was decided; null before that. */
  readonly history: DecisionInputs["history"] | null;
  /** The job that decides it, while it waits; null when it is settled. */
  readonly waiting: WaitingDecision | null;
};

export type RefundOfSale = {
  readonly id: string;
  readonly externalId: string;
  readonly amount: string;
  readonly status: (typeof saleRefunds.$inferSelect)["status"];
  readonly createdAt: Date;
};

/** One leg of a ledger transaction. */
export type EntryOfSale = {
  readonly transactionId: string;
  readonly kind: string;
  readonly occurredAt: Date;
  readonly account: string;
  /** Our id of the owner of a volunteer's account. */
  readonly userId: string | null;
  readonly amount: string;
};

export type WaitingDecision = {
  readonly attempts: number;
  readonly error: string | null;
  readonly runAt: Date;
  readonly isDead: boolean;
};

/** Reads a sale by our id. */
export async function readSaleReport(on: Queryable, saleId: string): Promise<SaleReport | undefined> {
  const [sale] = await rows<Dated<SaleReport, "soldAt" | "receivedAt" | "settledAt">>(
    on,
    sql`select s.id, s.source, s.external_id as "externalId", s.buyer_user_id as "buyerNumber", p.user_id as "buyerUserId",
               s.amount_micro::text as amount, s.refunded_micro::text as refunded, s.currency, s.time_assumed as "timeAssumed",
               s.sold_at as "soldAt", s.received_at as "receivedAt", s.settled_at as "settledAt", s.status, s.reasons, s.trace,
               s.inputs -> 'history' as history
        from token_sales s left join volunteer_profiles p on p.id = s.profile_id where s.id = ${saleId}`,
  );
  if (!sale) return undefined;
  const [lines, refunds, entries, waiting] = await Promise.all([
    readCommissionLines(on, [saleId]),
    readRefunds(on, saleId),
    readEntries(on, saleId),
    readWaiting(on, saleId),
  ]);
  return {
    ...sale,
    amount: tokens(sale.amount),
    refunded: tokens(sale.refunded),
    soldAt: new Date(sale.soldAt),
    receivedAt: new Date(sale.receivedAt),
    settledAt: sale.settledAt === null ? null : new Date(sale.settledAt),
    lines: lines.get(saleId) ?? [],
    refunds,
    entries,
    waiting,
  };
}

/** A row as Postgres returns it: instants are text. */
type Dated<Row, Instants extends keyof Row> = Omit<Row, Instants> & Record<Instants, string>;

const tokens = (micro: string): string => formatAmount(BigInt(micro));

const REFUNDS_READ = 100;

async function readRefunds(on: Queryable, saleId: string): Promise<RefundOfSale[]> {
  const found = await rows<Dated<RefundOfSale, "createdAt">>(
    on,
    sql`select id, external_id as "externalId", amount_micro::text as amount, status, created_at as "createdAt"
        from sale_refunds where sale_id = ${saleId} order by id limit ${REFUNDS_READ}`,
  );
  return found.map((refund) => ({
    ...refund,
    amount: tokens(refund.amount),
    createdAt: new Date(refund.createdAt),
  }));
}

async function readEntries(on: Queryable, saleId: string): Promise<EntryOfSale[]> {
  const found = await rows<Dated<EntryOfSale, "occurredAt">>(
    on,
    sql`select t.id as "transactionId", t.kind, t.occurred_at as "occurredAt", a.kind as account, p.user_id as "userId",
               e.amount_micro::text as amount
        from token_sales s
        cross join lateral (${TRANSACTIONS_OF_SALE}) m
        join ledger_transactions t on t.id = m.id
        join ledger_entries e on e.transaction_id = t.id
        join ledger_accounts a on a.id = e.account_id
        left join volunteer_profiles p on p.id = a.profile_id
        where s.id = ${saleId} order by t.id, e.leg`,
  );
  return found.map((entry) => ({
    ...entry,
    amount: tokens(entry.amount),
    occurredAt: new Date(entry.occurredAt),
  }));
}

async function readWaiting(on: Queryable, saleId: string): Promise<WaitingDecision | null> {
  const [entry] = await rows<Dated<WaitingDecision, "runAt">>(
    on,
    sql`select attempts, error, run_at as "runAt", dead_at is not null as "isDead"
        from outbox where job = 'distribute-commission' and key = ${saleId}`,
  );
  return entry ? { ...entry, runAt: new Date(entry.runAt) } : null;
}
