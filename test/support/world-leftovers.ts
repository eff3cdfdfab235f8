import { sql } from "drizzle-orm";
import { QUEUE_NAMES } from "../../src/config/queues.ts";
import { rows } from "../../src/db/statement.ts";
import { keyPrefix } from "../../src/queues/queues.ts";
import type { Runtime } from "../../src/roles/runtime.ts";

/** What a test must not leave behind. */
export async function leftovers(runtime: Runtime): Promise<string[]> {
  const faults: string[] = [];
  const [books] = await rows<{ total: string; unbalanced: number }>(
    runtime.db.drizzle,
    sql`select coalesce(sum(amount_micro), 0)::text as total,
               (select count(*)::int from (select 1 from ledger_entries group by transaction_id having sum(amount_micro) <> 0) u) as unbalanced
        from ledger_entries`,
  );
  if (books && (books.total !== "0" || books.unbalanced > 0))
    faults.push(`the ledger sums to ${books.total}`);
  const [open] = await rows<{ n: number }>(
    runtime.db.drizzle,
    sql`select count(*)::int as n from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state like 'idle in transaction%'`,
  );
  if (open && open.n > 0) faults.push(`${open.n} transactions are open`);
  return faults;
}

/** Deletes the keys of the test's prefix. */
export async function removeRedisKeys(runtime: Runtime): Promise<void> {
  // A Cluster belongs to the test, and is removed with its keys.
  if (!runtime.producers.ready() || runtime.config.redisClusterNodes.length > 0) return;
  for (const queue of QUEUE_NAMES) {
    const keys = await runtime.producers.redis.keys(
      `${keyPrefix(runtime.config.redisPrefix, queue).replaceAll("{", "\\{")}*`,
    );
    if (keys.length > 0) await runtime.producers.redis.del(...keys);
  }
}
