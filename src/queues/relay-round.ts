import { sql } from "drizzle-orm";
import { QUEUE_NAMES, QUEUE_WEIGHTS, type QueueName } from "../config/queues.ts";
import type { Database } from "../db/client.ts";
import { array, rows } from "../db/statement.ts";
import { inTransaction, type Tx } from "../db/transaction.ts";
import type { Log } from "../log.ts";
import { addCarriers, type DueEntry, groupEntries, type NewCarrier } from "./carriers.ts";
import type { Catalogue } from "./catalogue.ts";
import { holdEntries } from "./postpone.ts";
import { MAX_WAITING_CARRIERS } from "./queues.ts";
import type { Producers } from "./redis.ts";

export type RoundDeps = {
  readonly db: Database;
  readonly producers: Producers;
  readonly catalogue: Catalogue;
  readonly log: Log;
};

/** Entries taken per round. */
const ENTRIES_PER_ROUND = 500;
/** Entries held by other versions that are taken per round. */
const HELD_PER_ROUND = 200;

/** The state of the queues before a round. It may be one poll interval old. */
export type QueueStates = {
  /** Queues with room for more carriers in Redis. */
  readonly open: readonly QueueName[];
  /** Those among them with due entries: they share the rounds. */
  readonly busy: readonly QueueName[];
  /** Where in the backlog of each queue the next scan and the rounds start: an instant as text. */
  readonly from: ScanStarts;
};

/** The `run_at` that a scan starts at, by queue. A queue that is missing is read from its oldest entry. */
export type ScanStarts = ReadonlyMap<QueueName, string>;

const EVERYTHING: ScanStarts = new Map();

/**
 * Reads which queues have due entries and room for carriers.
 *
 * @param from where the scan starts. Entries that were taken leave dead rows in the index, which cannot be
 * removed while a snapshot is held; reading past a million of them takes half a second.
 */
export async function readQueueStates(
  { db, producers }: RoundDeps,
  from: ScanStarts = EVERYTHING,
): Promise<QueueStates> {
  const scanned = await scanForDue(db, from);
  const due = scanned.filter(({ due }) => due).map(({ queue }) => queue);
  const full = await fullQueues(producers, due);
  const open = QUEUE_NAMES.filter((name) => !full.includes(name));
  return {
    open,
    busy: open.filter((name) => due.includes(name)),
    from: new Map(scanned.map(({ queue, next }) => [queue, next])),
  };
}

/**
 * One round: takes due entries, adds carriers for them to Redis, and stores which carrier holds which entry,
 * in one transaction. A worker that starts a carrier before the commit waits for the row locks. If the commit
 * fails, the worker still finds its entries by id, and the next round adds another carrier, which finds them
 * settled.
 *
 * @returns how many entries were given a carrier.
 */
export async function relayOnce(deps: RoundDeps, states?: QueueStates): Promise<number> {
  const seen = states ?? (await readQueueStates(deps));
  if (seen.open.length === 0) return 0;
  return inTransaction(deps.db, async (tx) => {
    const due = await takeDue(tx, seen, deps.catalogue.names);
    const isKnown = ({ job }: DueEntry) => deps.catalogue.find(job) !== undefined;
    const known = due.filter(isKnown);
    const unknown = due.filter((entry) => !isKnown(entry));
    for (const queue of new Set(unknown.map((entry) => entry.queue))) await holdUnknown(deps, tx, queue);
    if (known.length === 0) return due.length;
    const carriers = groupEntries(known, deps.catalogue);
    await addCarriers(deps.producers, carriers);
    await storeCarriers(tx, carriers);
    return due.length;
  });
}

async function holdUnknown({ catalogue, log }: RoundDeps, tx: Tx, queue: QueueName): Promise<void> {
  for (const { job, entries } of await holdEntries(tx, queue, catalogue.names))
    log.warn({ job, entries }, "unknown job: entries are held for a version that has it");
}

type Scanned = { queue: QueueName; due: boolean; next: string };

/**
 * Transactions last five seconds at most, and an entry is due when its transaction begins: what is committed
 * from now on is rarely older than this. The rest is found by the next full scan.
 */
const MARGIN_MS = 15_000;

const scanForDue = (db: Database, from: ScanStarts): Promise<Scanned[]> =>
  rows<Scanned>(db.drizzle, dueScanSql(from));

/** One index lookup per queue. Written with `exists`, the planner may choose to read the whole backlog. */
export const dueScanSql = (from: ScanStarts) => sql`
  select q.queue, found.run_at is not null as due,
         (coalesce(found.run_at, now()) - ${MARGIN_MS} * interval '1 millisecond')::text as next
  from unnest(${array(QUEUE_NAMES)}::text[], ${array(startsOf(QUEUE_NAMES, from))}::timestamptz[])
       with ordinality as q(queue, since, rank)
  left join lateral (
    select o.run_at from outbox o
    where o.queue = q.queue and o.enqueued_at is null and o.dead_at is null and o.run_at <= now() and o.run_at >= q.since
    order by o.run_at limit 1) found on true
  order by q.rank`;

const startsOf = (queues: readonly QueueName[], from: ScanStarts): string[] =>
  queues.map((queue) => from.get(queue) ?? "-infinity");

async function fullQueues(producers: Producers, names: readonly QueueName[]): Promise<QueueName[]> {
  const waiting = await Promise.all(
    names.map((name) => producers.queue(name).getJobCountByTypes("prioritized", "wait")),
  );
  return names.filter((_, index) => (waiting[index] ?? 0) >= MAX_WAITING_CARRIERS);
}

/**
 * How many entries of each open queue one round takes: the round is divided by weight among that queue and
 * the busy ones. Commissions alone get the whole round, and beside others most of it, so a backlog of theirs
 * starves nobody.
 */
export function sharesOf(open: readonly QueueName[], busy: readonly QueueName[]): number[] {
  const weightOf = (queues: Iterable<QueueName>) =>
    [...queues].reduce((sum, queue) => sum + QUEUE_WEIGHTS[queue], 0);
  return open.map((queue) =>
    Math.floor((ENTRIES_PER_ROUND * QUEUE_WEIGHTS[queue]) / weightOf(new Set([...busy, queue]))),
  );
}

/**
 * Heaviest queue first, oldest entry first, skipping entries that another relay has locked; and entries that
 * another version holds for those who have their job. The commit need not be durable: if its marks are lost,
 * the entries get another carrier.
 */
function takeDue(tx: Tx, { open, busy, from }: QueueStates, names: readonly string[]): Promise<DueEntry[]> {
  return rows<DueEntry>(
    tx,
    sql`(select e.id, e.queue, e.job, e.run, e.slot, e.attempts
         from set_config('synchronous_commit', 'off', true)
         cross join unnest(${array(open)}::text[], ${array(sharesOf(open, busy))}::int[], ${array(startsOf(open, from))}::timestamptz[])
              with ordinality as q(queue, share, since, rank)
         cross join lateral (
           select o.id, o.queue, o.job, o.run_at, o.parent as run, o.slot, o.attempts
           from outbox o
           where o.queue = q.queue and o.enqueued_at is null and o.dead_at is null and o.run_at <= now()
             and o.run_at >= q.since
           order by o.run_at, o.id
           limit q.share
           for update skip locked
         ) e
         order by q.rank, e.run_at, e.id)
        union all
        select h.id, h.queue, h.job, h.run, h.slot, h.attempts from (
          select o.id, o.queue, o.job, o.parent as run, o.slot, o.attempts from outbox o
          where o.run_at = 'infinity' and o.postponed_at is not null and o.enqueued_at is null and o.dead_at is null
            and o.job = any(${array(names)}::text[]) and o.queue = any(${array(open)}::text[])
          order by o.job, o.id
          limit ${HELD_PER_ROUND}
          for update skip locked
         ) h`,
  );
}

async function storeCarriers(tx: Tx, carriers: readonly NewCarrier[]): Promise<void> {
  const ids = carriers.flatMap((carrier) => carrier.entries);
  const holders = carriers.flatMap((carrier) => carrier.entries.map(() => carrier.id));
  await tx.execute(
    sql`update outbox o set enqueued_at = now(), carrier = given.carrier, run_at = least(o.run_at, now())
        from unnest(${array(ids)}::bigint[], ${array(holders)}::text[]) as given(id, carrier)
        where o.id = given.id`,
  );
}
