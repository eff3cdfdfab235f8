import { type SQL, sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";

/** Sets one of our settings until the end of the transaction. */
export const switchSetting = (tx: Tx, setting: SQL, on: boolean): Promise<unknown> =>
  tx.execute(sql`select set_config(${setting}, ${on ? "on" : "off"}, true)`);

/** Runs work while one of our settings is on. If the work fails, the rollback restores the setting. */
export async function withSetting<T>(tx: Tx, setting: SQL, work: () => Promise<T>): Promise<T> {
  const [before] = await rows<{ value: string | null }>(
    tx,
    sql`select current_setting(${setting}, true) as value`,
  );
  if (before?.value === "on") return work();
  await switchSetting(tx, setting, true);
  const result = await work();
  await switchSetting(tx, setting, false);
  return result;
}
