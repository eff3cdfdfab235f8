import { sql } from "drizzle-orm";
import { array, type Database, rows } from "../db/client.ts";
import type { Log } from "../log.ts";
import { postpone } from "./failure.ts";
import type { Catalogue } from "./job.ts";
import type { QueueName } from "./queues.ts";
import type { Producers } from "./redis.ts";

export type SweepDeps = {
  readonly db: Database;
  readonly producers: Producers;
  readonly catalogue: Catalogue;
  readonly log: Log;
};

/** Younger marks are left alone: their carrier may just be on its way. */
const CARRIED_FOR_MS = 15_000;
const CARRIERS_PER_SWEEP = 1_000;

type CarrierState = { queue: QueueName; carrier: string; state: string };

/**
 * Asks Redis once a carrier what became of it. Unknown (Redis forgot it) or completed (its worker could not settle): its entries
 * are due again. Failed (it killed its workers, or they could not write down why): due again alone, one attempt used; an entry that
 * travelled alone already is the culprit, and dead.
 *
 * @returns how many entries became due or dead.
 */
export async function sweep(
  deps: SweepDeps,
  olderThanMs = CARRIED_FOR_MS,
): Promise<{ due: number; dead: number }> {
  if (!deps.producers.ready()) return { due: 0, dead: 0 };
  const carriers = await rows<{ queue: QueueName; carrier: string }>(
    deps.db.drizzle,
    sql`select distinct queue, carrier from outbox
        where enqueued_at < now() - ${olderThanMs} * interval '1 millisecond' and dead_at is null and carrier is not null
        limit ${CARRIERS_PER_SWEEP}`,
  );
  const states = await Promise.all(
    carriers.map(async (row) => ({
      ...row,
      state: await deps.producers.queue(row.queue).getJobState(row.carrier),
    })),
  );
  const due = await free(deps.db, carriersIn(states, "unknown", "completed"));
  const killed = await punish(deps, carriersIn(states, "failed"));
  const swept = { due: due + killed.due, dead: killed.dead };
  if (swept.due + swept.dead > 0) deps.log.warn(swept, "sweep found work whose carrier is gone");
  return swept;
}

const carriersIn = (states: readonly CarrierState[], ...names: string[]): string[] =>
  states.filter((row) => names.includes(row.state)).map((row) => row.carrier);

async function free(db: Database, carriers: readonly string[]): Promise<number> {
  if (carriers.length === 0) return 0;
  const freed = await db.drizzle.execute(
    sql`update outbox set enqueued_at = null, carrier = null where carrier = any(${array(carriers)}::text[]) and dead_at is null`,
  );
  return freed.rowCount ?? 0;
}

const KILLED = "its worker was lost while it ran";

async function punish(deps: SweepDeps, carriers: readonly string[]): Promise<{ due: number; dead: number }> {
  const tally = { due: 0, dead: 0 };
  if (carriers.length === 0) return tally;
  const entries = await rows<{ id: string; job: string; alone: boolean }>(
    deps.db.drizzle,
    sql`select id, job, count(*) over (partition by carrier) = 1 and attempts > 0 as alone
        from outbox where carrier = any(${array(carriers)}::text[]) and dead_at is null`,
  );
  for (const entry of entries) {
    const job = deps.catalogue.find(entry.job)?.job;
    if (!job) continue;
    const end = await postpone(deps.db, job, entry.id, { error: KILLED, final: entry.alone });
    tally[end === "dead" ? "dead" : "due"] += 1;
  }
  return tally;
}
