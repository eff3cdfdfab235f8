import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { array, type Database, inTransaction, rows, type Tx } from "../db/client.ts";
import type { Log } from "../log.ts";
import type { Catalogue } from "./job.ts";
import { restoreLostQueues } from "./markers.ts";
import { MAX_WAITING_CARRIERS, PRIORITY, QUEUE_NAMES, type QueueName, RETENTION } from "./queues.ts";
import type { Producers } from "./redis.ts";

export type RelayDeps = {
  readonly db: Database;
  readonly producers: Producers;
  readonly catalogue: Catalogue;
  readonly log: Log;
  /** How often to look without being woken: for the host's rows, retries, and what other processes left. */
  readonly pollMs?: number;
};

export type Relay = {
  /** Say that entries were committed. Cheap; any number of wakes become one round. */
  wake(): void;
  start(): void;
  /** Resolves when the round under way has ended. */
  stop(): Promise<void>;
};

const POLL_MS = 250;
/** Entries that one round takes from one queue. */
const ENTRIES_PER_ROUND = 500;
/** After this many rounds the loop lets others have a turn. */
const ROUNDS_PER_WAKE = 1_000;

type DueEntry = {
  id: string;
  queue: QueueName;
  job: string;
  alone: boolean;
};

type Carrier = {
  readonly id: string;
  readonly queue: QueueName;
  readonly job: string;
  readonly entries: string[];
};

/** Brings due entries into Redis: after each commit of this process, and by a poll for the rest. */
export function createRelay(deps: RelayDeps): Relay {
  let running: Promise<void> | null = null;
  let askedAgain = false;
  let stopped = true;
  let timer: NodeJS.Timeout | undefined;
  let failing = false;

  const rounds = async () => {
    for (let round = 0; round < ROUNDS_PER_WAKE && !stopped; round++) {
      askedAgain = false;
      if (!deps.producers.ready()) return;
      if ((await relayOnce(deps)) === 0 && !askedAgain) return;
    }
  };
  const run = async () => {
    try {
      await rounds();
      failing = false;
    } catch (error) {
      // Nothing is lost: the entries are still due, and the poll tries again. Said once an outage.
      if (!failing) deps.log.warn({ err: error }, "relay round failed; the entries stay due");
      failing = true;
    }
  };
  const wake = () => {
    askedAgain = true;
    if (running !== null || stopped) return;
    running = run().finally(() => {
      running = null;
    });
  };
  const poll = async () => {
    if (deps.producers.ready()) await restoreLostQueues(deps).catch(() => undefined);
    wake();
  };
  return {
    wake,
    start() {
      stopped = false;
      timer = setInterval(() => void poll(), deps.pollMs ?? POLL_MS);
      void poll();
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}

/**
 * One round: take due entries, put them into Redis in groups, remember which carrier holds them. All in one transaction: a carrier
 * that a worker picks up before the commit waits on the row locks; if the commit fails, the carrier finds its entries still due
 * under another carrier, or settles them itself.
 *
 * @returns how many entries were brought.
 */
export async function relayOnce(deps: RelayDeps): Promise<number> {
  const waiting = await queuesWithDueEntries(deps.db);
  const open = await queuesWithRoom(deps.producers, waiting);
  if (open.length === 0) return 0;
  return inTransaction(deps.db, async (tx) => {
    // What is lost with the marks of a round is only that they were carried: they would be carried once more.
    await tx.execute(sql`set local synchronous_commit = off`);
    const carriers = groupEntries(await takeDue(tx, open), deps.catalogue);
    if (carriers.length === 0) return 0;
    await addCarriers(deps.producers, carriers);
    await rememberCarriers(tx, carriers);
    return carriers.reduce((sum, carrier) => sum + carrier.entries.length, 0);
  });
}

async function queuesWithDueEntries(db: Database): Promise<QueueName[]> {
  const due = await rows<{ queue: QueueName }>(
    db.drizzle,
    sql`select q.queue from unnest(${array(QUEUE_NAMES)}::text[]) with ordinality as q(queue, rank)
        where exists (select 1 from outbox o where o.queue = q.queue and o.enqueued_at is null
                      and o.dead_at is null and o.run_at <= now())
        order by q.rank`,
  );
  return due.map((row) => row.queue);
}

async function queuesWithRoom(producers: Producers, names: readonly QueueName[]): Promise<QueueName[]> {
  const waiting = await Promise.all(
    names.map((name) => producers.queue(name).getJobCountByTypes("prioritized", "wait")),
  );
  return names.filter((_, index) => (waiting[index] ?? 0) < MAX_WAITING_CARRIERS);
}

/** Heaviest queue first, oldest entry first; entries that another relay holds are passed over. */
function takeDue(tx: Tx, queues: readonly QueueName[]): Promise<DueEntry[]> {
  return rows<DueEntry>(
    tx,
    sql`select e.id, e.queue, e.job, e.alone
        from unnest(${array(queues)}::text[]) with ordinality as q(queue, rank)
        cross join lateral (
          select o.id, o.queue, o.job, o.run_at, o.attempts > 0 or o.parent is not null or o.slot is not null as alone
          from outbox o
          where o.queue = q.queue and o.enqueued_at is null and o.dead_at is null and o.run_at <= now()
          order by o.run_at, o.id
          limit ${ENTRIES_PER_ROUND}
          for update skip locked
        ) e
        order by q.rank, e.run_at, e.id
        limit ${ENTRIES_PER_ROUND}`,
  );
}

/** Entries of a batch job travel together up to its size; an entry that failed before, or has a run of its own, travels alone. */
export function groupEntries(entries: readonly DueEntry[], catalogue: Catalogue): Carrier[] {
  const carriers: Carrier[] = [];
  const open = new Map<string, Carrier>();
  for (const entry of entries) {
    const job = catalogue.find(entry.job)?.job;
    const size = job?.form === "batch" && !entry.alone ? job.batch.size : 1;
    const carrier = size > 1 ? open.get(entry.job) : undefined;
    if (carrier && carrier.entries.length < size) {
      carrier.entries.push(entry.id);
      continue;
    }
    const started = { id: randomUUID(), queue: entry.queue, job: entry.job, entries: [entry.id] };
    carriers.push(started);
    if (size > 1) open.set(entry.job, started);
  }
  return carriers;
}

async function addCarriers(producers: Producers, carriers: readonly Carrier[]): Promise<void> {
  for (const [queue, group] of byQueue(carriers)) {
    await producers.queue(queue).addBulk(
      group.map(({ id, job, entries }) => ({
        name: job,
        data: { entries },
        opts: { jobId: id, attempts: 1, priority: PRIORITY.work, ...RETENTION },
      })),
    );
  }
}

function byQueue(carriers: readonly Carrier[]): Map<QueueName, Carrier[]> {
  const groups = new Map<QueueName, Carrier[]>();
  for (const carrier of carriers) {
    const group = groups.get(carrier.queue);
    if (group) group.push(carrier);
    else groups.set(carrier.queue, [carrier]);
  }
  return groups;
}

async function rememberCarriers(tx: Tx, carriers: readonly Carrier[]): Promise<void> {
  const ids = carriers.flatMap((carrier) => carrier.entries);
  const holders = carriers.flatMap((carrier) => carrier.entries.map(() => carrier.id));
  await tx.execute(
    sql`update outbox o set enqueued_at = now(), carrier = held.carrier
        from unnest(${array(ids)}::bigint[], ${array(holders)}::text[]) as held(id, carrier)
        where o.id = held.id`,
  );
}
