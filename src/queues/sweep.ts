import { sql } from "drizzle-orm";
import { QUEUE_NAMES, type QueueName } from "../config/queues.ts";
import type { Database } from "../db/client.ts";
import { array, rows } from "../db/statement.ts";
import type { Log } from "../log.ts";
import { freeCarriers } from "./carriers.ts";
import type { Catalogue } from "./catalogue.ts";
import { failEntry } from "./failure.ts";
import { postponeEntries, unknownJob } from "./postpone.ts";
import type { Producers } from "./redis.ts";

export type SweepDeps = {
  readonly db: Database;
  readonly producers: Producers;
  readonly catalogue: Catalogue;
  readonly log: Log;
};

/**
 * Entries that got their carrier more recently are skipped: it may still be on its way to Redis, where a
 * command ends after 5 s. Together with the interval of the rounds less than 15 s.
 */
export const CARRIED_FOR_MS = 8_000;
const CARRIERS_PER_PAGE = 1_000;

type CarrierState = Carried & { readonly state: string; readonly lost: boolean };

/**
 * Looks up the state of every carrier in Redis. Unknown (lost) or completed (its worker could not settle it):
 * its entries are due again. Failed (it killed its workers, or they could not store why it failed): its
 * entries use an attempt and are due again, each alone. An entry that was alone already and lost its workers
 * again is the cause, and dead.
 *
 * @returns how many entries became due or dead.
 */
export async function sweep(
  deps: SweepDeps,
  olderThanMs = CARRIED_FOR_MS,
): Promise<{ due: number; dead: number }> {
  if (!deps.producers.ready()) return { due: 0, dead: 0 };
  const swept = { due: 0, dead: 0 };
  // All pages: the healthy carriers of a backlog must not hide a lost one.
  for (let after = "", full = true; full; ) {
    const page = await carriersAfter(deps.db, after, olderThanMs);
    const states = await Promise.all(page.map((row) => stateOf(deps.producers, row)));
    swept.due += await freeCarriers(deps.db, carriersIn(states, "unknown", "completed"));
    const failed = await fail(deps, states);
    swept.due += failed.due;
    swept.dead += failed.dead;
    after = page.at(-1)?.carrier ?? "";
    full = page.length === CARRIERS_PER_PAGE;
  }
  if (swept.due + swept.dead > 0) deps.log.warn(swept, "sweep: carriers lost or failed; entries recovered");
  return swept;
}

type Carried = { queue: QueueName; carrier: string };

function carriersAfter(db: Database, after: string, olderThanMs: number): Promise<Carried[]> {
  return rows<Carried>(
    db.drizzle,
    sql`select min(queue) as queue, carrier from outbox
        where carrier > ${after} and queue = any(${array(QUEUE_NAMES)}::text[]) and enqueued_at < now() - ${olderThanMs} * interval '1 millisecond' and dead_at is null
        group by carrier order by carrier limit ${CARRIERS_PER_PAGE}`,
  );
}

/**
 * BullMQ's failure reason for a job that stalled too often. Any other reason is a fault of the program, not
 * of the entry.
 */
const LOST_TOO_OFTEN = /more than allowable limit/;

async function stateOf(producers: Producers, row: Carried): Promise<CarrierState> {
  const queue = producers.queue(row.queue);
  const state = await queue.getJobState(row.carrier);
  if (state !== "failed") return { ...row, state, lost: false };
  const job = await queue.getJob(row.carrier);
  return { ...row, state, lost: LOST_TOO_OFTEN.test(job?.failedReason ?? "") };
}

const carriersIn = (states: readonly CarrierState[], ...names: string[]): string[] =>
  states.filter((row) => names.includes(row.state)).map((row) => row.carrier);

async function fail(
  deps: SweepDeps,
  states: readonly CarrierState[],
): Promise<{ due: number; dead: number }> {
  const tally = { due: 0, dead: 0 };
  const lostBy = new Map(
    states.filter((row) => row.state === "failed").map((row) => [row.carrier, row.lost]),
  );
  if (lostBy.size === 0) return tally;
  const entries = await rows<{ id: string; job: string; carrier: string; alone: boolean }>(
    deps.db.drizzle,
    sql`select id, job, carrier, count(*) over (partition by carrier) = 1 and attempts > 0 as alone
        from outbox where carrier = any(${array([...lostBy.keys()])}::text[]) and dead_at is null`,
  );
  for (const entry of entries) {
    const holder = { carrier: entry.carrier, token: "sweep" };
    const job = deps.catalogue.find(entry.job)?.job;
    if (!job) {
      await postponeEntries(deps.db.drizzle, [entry.id], unknownJob(entry.job), holder);
      tally.due += 1;
      continue;
    }
    const lost = lostBy.get(entry.carrier) === true;
    const error = lost ? "its worker was lost while it ran" : "its carrier failed without a stored reason";
    const end = await failEntry(deps.db, job, entry.id, { error, final: lost && entry.alone }, holder);
    if (end !== "lost") tally[end === "dead" ? "dead" : "due"] += 1;
  }
  return tally;
}
