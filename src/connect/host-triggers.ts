import { setTimeout as delay } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { databaseFault } from "../database-fault.ts";
import type { Database } from "../db/client.ts";
import { type Queryable, rows } from "../db/statement.ts";
import { inTransaction, type Tx } from "../db/transaction.ts";
import { dropFunction, dropTrigger, functionOf, installStatements, type TriggerTarget } from "./triggers.ts";

const LOCK_TRIES = 20;
const LOCK_TIMEOUT_MS = 2_000;
const LOCK_NOT_AVAILABLE = "55P03";

/** Limits how long the statements of a transaction wait for locks. */
export const LIMIT_LOCKS = `set local lock_timeout = ${LOCK_TIMEOUT_MS}`;

/** A trigger on a table of the host, quoted. */
type HostTrigger = {
  readonly table: string;
  readonly name: string;
  /** Whether the table has the name of the source. */
  readonly onSource: boolean;
};

/** The triggers that call the function of a target: also on tables that had the name of the source before. */
const triggersOf = (on: Queryable, target: TriggerTarget): Promise<HostTrigger[]> =>
  rows<HostTrigger>(
    on,
    sql`select format('%I.%I', n.nspname, c.relname) as "table", quote_ident(t.tgname) as name,
               n.nspname = ${target.source.schema} and c.relname = ${target.source.table} as "onSource"
        from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
        where t.tgfoid = to_regprocedure(${`${functionOf(target)}()`}) and not t.tgisinternal order by 1, 2`,
  );

/**
 * Creates the triggers that record the changes of a source, and removes those of tables that had its name
 * before.
 */
export const createTriggers = (db: Database, target: TriggerTarget): Promise<void> =>
  withLockRetries(db, async (tx) => {
    await runStatements(tx, installStatements(target));
    const strays = (await triggersOf(tx, target)).filter(({ onSource }) => !onSource);
    await runStatements(tx, strays.map(dropTrigger));
  });

/** Removes the triggers of a source, wherever they are now, and their function. */
export async function removeTriggers(tx: Tx, target: TriggerTarget): Promise<void> {
  const triggers = await triggersOf(tx, target);
  await runStatements(tx, [...triggers.map(dropTrigger), dropFunction(target)]);
}

/**
 * Creating or removing a trigger waits for open writers of the table, and new writers wait behind it: so it
 * gives up soon and tries again.
 */
export async function withLockRetries(db: Database, work: (tx: Tx) => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await inTransaction(db, work);
    } catch (error) {
      if (databaseFault(error)?.code !== LOCK_NOT_AVAILABLE || tries >= LOCK_TRIES) throw error;
      await delay(LOCK_TIMEOUT_MS / 4);
    }
  }
}

async function runStatements(tx: Tx, statements: readonly string[]): Promise<void> {
  await tx.execute(sql.raw(LIMIT_LOCKS));
  for (const statement of statements) await tx.execute(sql.raw(statement));
}
