import { setTimeout as delay } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { rows } from "../../src/db/statement.ts";
import type { Runtime } from "../../src/roles/runtime.ts";

/** Postgres ends the transactions of a process that was killed once it has noticed. */
const PATIENCE_MS = 10_000;

/** What a test must not leave behind. */
export async function leftovers(runtime: Runtime): Promise<string[]> {
  const [found] = await rows<{ total: string; unbalanced: number }>(
    runtime.db.drizzle,
    sql`select coalesce(sum(amount_micro), 0)::text as total,
               (select count(*)::int from (select 1 from ledger_entries group by transaction_id having sum(amount_micro) <> 0) u) as unbalanced
        from ledger_entries`,
  );
  const { total, unbalanced } = found as { total: string; unbalanced: number };
  const deadline = performance.now() + PATIENCE_MS;
  let open = await openTransactions(runtime);
  while (open > 0 && performance.now() < deadline) {
    await delay(50);
    open = await openTransactions(runtime);
  }
  const faults: string[] = [];
  if (total !== "0" || unbalanced > 0) faults.push(`the ledger sums to ${total}`);
  if (open > 0) faults.push(`${open} transactions are open`);
  return faults;
}

async function openTransactions({ db }: Runtime): Promise<number> {
  const [found] = await rows<{ open: number }>(
    db.drizzle,
    sql`select count(*)::int as open from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and state like 'idle in transaction%'`,
  );
  return found?.open ?? 0;
}

/** Deletes the keys of the test's prefix. */
export async function removeRedisKeys(runtime: Runtime): Promise<void> {
  // A Cluster belongs to the test, and is removed with its keys.
  if (!runtime.producers.ready() || runtime.config.redisClusterNodes.length > 0) return;
  const keys = await runtime.producers.redis.keys(`*${runtime.config.redisPrefix}:*`);
  if (keys.length > 0) await runtime.producers.redis.del(...keys);
}
