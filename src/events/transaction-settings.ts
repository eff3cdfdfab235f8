import { type SQL, sql } from "drizzle-orm";
import { RELAYED_SETTING, TRACE_SETTING } from "../db/schema-keys.ts";
import type { Tx } from "../db/transaction.ts";

const RELAYED = sql.raw(RELAYED_SETTING);
const TRACE = sql.raw(TRACE_SETTING);

/**
 * An item of FROM with one row, which tells the trigger of `domain_events` about the transaction: that this
 * process wakes the relay itself, and the span in which it runs.
 */
export const eventSettings = ({ dispatch: { trace } }: Tx): SQL =>
  trace === null
    ? sql`set_config(${RELAYED}, 'on', true)`
    : sql`(select set_config(${RELAYED}, 'on', true), set_config(${TRACE}, ${trace}, true)) as settings`;
