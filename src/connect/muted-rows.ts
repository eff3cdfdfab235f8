import { sql } from "drizzle-orm";
import { BACKFILL_SETTING } from "../db/schema-keys.ts";
import type { Tx } from "../db/transaction.ts";
import type { Keys, Mirror } from "./installed.ts";
import { mappingFaultOf } from "./isolate.ts";
import { keysSince } from "./mirror-statements.ts";
import { readHost } from "./read-host.ts";
import { switchSetting, withSetting } from "./with-setting.ts";

const BACKFILL = sql.raw(BACKFILL_SETTING);

/** Sets whether written rows cause nudges, until the end of the transaction. */
export const setMuted = (tx: Tx, muted: boolean): Promise<unknown> => switchSetting(tx, BACKFILL, muted);

/** Runs work whose rows cause no nudge. */
export const withoutNudges = <T>(tx: Tx, work: () => Promise<T>): Promise<T> =>
  withSetting(tx, BACKFILL, work);

/** New rows of these cause nudges; the column has the time when the host's row was created. */
const EFFECTS: Readonly<Record<string, string>> = {
  messages: "created_at",
  chat_thread_participants: "joined_at",
};

/**
 * Splits recorded keys: rows older than the resync of their mirror were only changed while it ran, and are
 * copied as by the resync. Without a time in the mapping, all count as old.
 */
export async function splitByAge(
  tx: Tx,
  mirrors: readonly Mirror[],
  keys: Keys,
): Promise<{ readonly old: Keys; readonly recent: Keys }> {
  const old: Keys = new Map();
  const recent: Keys = new Map(keys);
  for (const { table, plan, resyncSince } of mirrors) {
    const noted = keys.get(table);
    const column = EFFECTS[table];
    if (resyncSince === null || column === undefined || noted === undefined) continue;
    const isMapped = plan.columns.some(({ name }) => name === column);
    const since = new Set(
      isMapped ? await recentKeys(tx, { plan }, [...noted], { column, since: resyncSince }) : [],
    );
    recent.set(table, since);
    old.set(table, new Set([...noted].filter((key) => !since.has(key))));
  }
  return { old, recent };
}

async function recentKeys(
  tx: Tx,
  { plan }: Pick<Mirror, "plan">,
  keys: readonly string[],
  from: { readonly column: string; readonly since: string },
): Promise<string[]> {
  try {
    const found = await tx.transaction((savepoint) =>
      readHost<{ key: string }>(savepoint, plan, keysSince(plan, keys, from)),
    );
    return found.map(({ key }) => key);
  } catch (error) {
    // Writing the rows fails in the same way, and stops the mirror.
    if (mappingFaultOf(error) === null) throw error;
    return [];
  }
}
