import { sql } from "drizzle-orm";
import { rows } from "../../src/db/statement.ts";
import type { Runtime } from "../../src/roles/runtime.ts";

/** What a test must not leave behind. */
export async function leftovers(runtime: Runtime): Promise<string[]> {
  const [found] = await rows<{ total: string; unbalanced: number; open: number }>(
    runtime.db.drizzle,
    sql`select coalesce(sum(amount_micro), 0)::text as total,
               (select count(*)::int from (select 1 from ledger_entries group by transaction_id having sum(amount_micro) <> 0) u) as unbalanced,
               (select count(*)::int from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state like 'idle in transaction%') as open
        from ledger_entries`,
  );
  const { total, unbalanced, open } = found as { total: string; unbalanced: number; open: number };
  const faults: string[] = [];
  if (total !== "0" || unbalanced > 0) faults.push(`the ledger sums to ${total}`);
  if (open > 0) faults.push(`${open} transactions are open`);
  return faults;
}

/** Deletes the keys of the test's prefix. */
export async function removeRedisKeys(runtime: Runtime): Promise<void> {
  // A Cluster belongs to the test, and is removed with its keys.
  if (!runtime.producers.ready() || runtime.config.redisClusterNodes.length > 0) return;
  const keys = await runtime.producers.redis.keys(`*${runtime.config.redisPrefix}:*`);
  if (keys.length > 0) await runtime.producers.redis.del(...keys);
}
