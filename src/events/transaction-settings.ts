import { type SQL, sql } from "drizzle-orm";
import { RELAYED_SETTING, TRACE_SETTING } from "../db/schema-keys.ts";
import type { Tx } from "../db/transaction.ts";

const RELAYED = sql.raw(RELAYED_SETTING);
const TRACE = sql.raw(TRACE_SETTING);

/**
 * A FROM item with one row, which passes facts about the transaction to the trigger of `domain_events`: that
 * this process wakes the relay itself, and the span in which it runs.
 */
export const eventSettings = ({ dispatch: { trace } }: Tx): SQL =>
  trace === null
    ? sql`set_config(${RELAYED}, 'on', true)`
    : sql`(select set_config(${RELAYED}, 'on', true), set_config(${TRACE}, ${trace}, true)) as settings`;
