import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { CommissionFacts } from "../scoring/rewards/commission.ts";
import { buyerWindows } from "./buyer-windows.ts";
import { type DecisionInputs, factsFrom } from "./decision-inputs.ts";
import type { SettledStatus } from "./stored-sales.ts";

/** The action of the audit rows of rechecks. */
export const RECHECK_ACTION = "commission.recheck";

/** A sale whose commissions are paid or held, locked to decide about it again. */
export type SettledSale = {
  readonly id: string;
  readonly status: SettledStatus;
  readonly reasons: readonly string[];
  readonly inputs: DecisionInputs;
  /** The late sales that have changed its decision. */
  readonly recheckedFor: readonly string[];
  /** The facts of its decision, with the current windows. */
  readonly facts: CommissionFacts;
};

/**
 * Locks sales and reads the settled ones among them that have commissions. As in `lockSaleFacts`, the facts
 * are read once all rows are locked: they include everything committed while waiting for the locks.
 */
export async function lockSettledSales(tx: Tx, saleIds: readonly string[]): Promise<SettledSale[]> {
  if (saleIds.length === 0) return [];
  await tx.execute(
    sql`select from token_sales where id = any(${array(saleIds)}::bigint[]) order by id for no key update`,
  );
  const found = await rows<SettledRow>(
    tx,
    sql`select s.id, s.status, s.reasons, s.inputs, s.amount_micro as "amountMicro", s.sold_at as "soldAt", s.received_at as "receivedAt",
               array(select a.details->>'lateSale' from audit_log a
                     where a.subject = 'token_sales:' || s.id and a.action = ${RECHECK_ACTION}) as audited,
               buyer.id as "userId", s.profile_id as "profileId",
               h.hour::int as "salesLastHour", h.month::int as "sales30Days", h.amount::text as "amount30DaysMicro"
        from token_sales s
        cross join lateral (select p.user_id as id from volunteer_profiles p where p.id = s.profile_id) buyer
        cross join lateral (${buyerWindows}) h
        where s.id = any(${array(saleIds)}::bigint[]) and s.status in ('applied', 'held') and s.inputs is not null
          and exists (select from commissions c where c.sale_id = s.id)
        order by s.id`,
  );
  return found.map(settledSale);
}

type SettledRow = {
  id: string;
  status: SettledSale["status"];
  reasons: string[];
  inputs: DecisionInputs;
  audited: string[];
  amountMicro: string;
  soldAt: string;
  receivedAt: string;
  userId: string;
  profileId: string;
  salesLastHour: number;
  sales30Days: number;
  amount30DaysMicro: string;
};

function settledSale(row: SettledRow): SettledSale {
  const { id, status, reasons, inputs, userId, profileId } = row;
  const decided = factsFrom(
    {
      saleId: id,
      amountMicro: BigInt(row.amountMicro),
      soldAt: new Date(row.soldAt),
      receivedAt: new Date(row.receivedAt),
      buyer: { userId, profileId },
    },
    inputs,
  );
  const buyerHistory = {
    salesLastHour: row.salesLastHour,
    sales30Days: row.sales30Days,
    amount30DaysMicro: BigInt(row.amount30DaysMicro),
  };
  const recheckedFor = [...row.audited, ...(inputs.rechecks ?? [])];
  return { id, status, reasons, inputs, recheckedFor, facts: { ...decided, buyerHistory } };
}
