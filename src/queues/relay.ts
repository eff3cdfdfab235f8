import { sql } from "drizzle-orm";
import { QUEUE_NAMES, QUEUE_WEIGHTS, type QueueName } from "../config/queues.ts";
import type { Database } from "../db/client.ts";
import { array, rows } from "../db/statement.ts";
import { inTransaction, type Tx } from "../db/transaction.ts";
import type { Log } from "../log.ts";
import { addCarriers, type DueEntry, groupEntries, type NewCarrier } from "./carriers.ts";
import { createExpress } from "./direct-dispatch.ts";
import { hasAsked } from "./enqueue.ts";
import type { Catalogue } from "./job.ts";
import { listenForAsks } from "./pg-listener.ts";
import { MAX_WAITING_CARRIERS } from "./queues.ts";
import type { Producers } from "./redis.ts";
import { restoreLostQueues } from "./redis-wipe.ts";

export type RelayDeps = {
  readonly db: Database;
  readonly producers: Producers;
  readonly catalogue: Catalogue;
  readonly log: Log;
  /** How often to look without being woken: for retries, and what other processes left. */
  readonly pollMs?: number;
};

export type Relay = {
  /** Say that entries were committed. Cheap; any number of wakes become one round. */
  wake(): void;
  /**
   * Runs `work` in one transaction, and brings what it asked for as soon as it is committed: where nothing waits in line, without
   * another transaction for it (direct-dispatch.ts).
   */
  transact<T>(db: Database, work: (tx: Tx) => Promise<T>, signal?: AbortSignal): Promise<T>;
  start(): void;
  /** Resolves when the round under way has ended. */
  stop(): Promise<void>;
};

const POLL_MS = 250;
/** Entries that one round takes. */
const ENTRIES_PER_ROUND = 500;
/** A round that brought so many may have left some: the lightest of nine busy queues has a share of fifteen. */
const LARGE_ROUND = 15;
/** After this many rounds the loop lets others have a turn. */
const ROUNDS_PER_WAKE = 1_000;

/** Brings due entries into Redis: after each commit of this process, when the host has inserted events, and by a poll for the rest. */
export function createRelay(deps: RelayDeps): Relay {
  let running: Promise<void> | null = null;
  let polling: Promise<void> | null = null;
  let askedAgain = false;
  let stopped = true;
  let timer: NodeJS.Timeout | undefined;
  let view: QueueView | null = null;
  const listener = listenForAsks(deps.db, () => wake());
  const complain = onceAnOutage(deps.log);
  const express = createExpress(deps);

  const look = async () => {
    const seen = await lookAtQueues(deps);
    express.allow(seen.open.filter((queue) => !seen.busy.includes(queue)));
    return seen;
  };
  const rounds = async () => {
    for (let round = 0; round < ROUNDS_PER_WAKE && !stopped; round++) {
      askedAgain = false;
      if (!deps.producers.ready()) return;
      view ??= await look();
      const brought = await relayOnce(deps, view);
      // A large round changes what was seen, and may have left something; a small one took all there was, and the last look still
      // holds until the next poll.
      const large = brought >= LARGE_ROUND;
      if (large) view = null;
      if (!large && !askedAgain) return;
    }
  };
  const wake = () => {
    askedAgain = true;
    if (running !== null || stopped) return;
    running = complain(rounds).finally(() => {
      running = null;
    });
  };
  const poll = async () => {
    if (deps.producers.ready()) {
      await restoreLostQueues(deps);
      view = await look();
    } else {
      express.allow([]);
    }
    wake();
  };
  const startPoll = () => {
    polling ??= complain(poll).finally(() => {
      polling = null;
    });
  };
  return {
    wake,
    async transact(db, work, signal) {
      let asked = false;
      const lane = express.open();
      const noticing = async (tx: Tx) => {
        lane.serve(tx);
        const result = await work(tx);
        asked = hasAsked(tx);
        return result;
      };
      const result = await inTransaction(db, noticing, signal);
      lane.depart();
      if (asked) wake();
      return result;
    },
    start() {
      stopped = false;
      timer = setInterval(startPoll, deps.pollMs ?? POLL_MS);
      listener.start();
      startPoll();
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      express.allow([]);
      await listener.stop();
      await polling;
      await running;
      await express.idle();
    },
  };
}

/** Nothing is lost when a round fails: the entries are still due, and the poll tries again. So it is said once an outage. */
function onceAnOutage(log: Log): (work: () => Promise<void>) => Promise<void> {
  let failing = false;
  return async (work) => {
    try {
      await work();
      failing = false;
    } catch (error) {
      if (!failing) log.warn({ err: error }, "the relay cannot bring entries now; they stay due");
      failing = true;
    }
  };
}

/** What a relay knows of the queues when a round begins. It may be a poll old. */
export type QueueView = {
  /** Queues that may be given more carriers. */
  readonly open: readonly QueueName[];
  /** Those among them that had something due: they share the rounds. */
  readonly busy: readonly QueueName[];
};

async function lookAtQueues({ db, producers }: RelayDeps): Promise<QueueView> {
  const due = await queuesWithDueEntries(db);
  const full = await queuesWithoutRoom(producers, due);
  const open = QUEUE_NAMES.filter((name) => !full.includes(name));
  return { open, busy: open.filter((name) => due.includes(name)) };
}

/**
 * One round: take due entries, put them into Redis in groups, remember which carrier holds them. All in one transaction: a carrier
 * that a worker picks up before the commit waits on the row locks; if the commit fails, the carrier finds its entries still due
 * under another carrier, or settles them itself.
 *
 * @returns how many entries were brought.
 */
export async function relayOnce(deps: RelayDeps, view?: QueueView): Promise<number> {
  const { open, busy } = view ?? (await lookAtQueues(deps));
  if (open.length === 0) return 0;
  return inTransaction(deps.db, async (tx) => {
    const carriers = groupEntries(await takeDue(tx, open, sharesOf(open, busy)), deps.catalogue);
    if (carriers.length === 0) return 0;
    await addCarriers(deps.producers, carriers);
    await rememberCarriers(tx, carriers);
    return carriers.reduce((sum, carrier) => sum + carrier.entries.length, 0);
  });
}

async function queuesWithDueEntries(db: Database): Promise<QueueName[]> {
  const due = await rows<{ queue: QueueName }>(
    db.drizzle,
    // One look into the index a queue: as `exists` it may be planned to read the whole backlog.
    sql`select q.queue from unnest(${array(QUEUE_NAMES)}::text[]) with ordinality as q(queue, rank)
        cross join lateral (
          select o.id from outbox o
          where o.queue = q.queue and o.enqueued_at is null and o.dead_at is null and o.run_at <= now()
          order by o.run_at limit 1) due
        order by q.rank`,
  );
  return due.map((row) => row.queue);
}

async function queuesWithoutRoom(producers: Producers, names: readonly QueueName[]): Promise<QueueName[]> {
  const waiting = await Promise.all(
    names.map((name) => producers.queue(name).getJobCountByTypes("prioritized", "wait")),
  );
  return names.filter((_, index) => (waiting[index] ?? 0) >= MAX_WAITING_CARRIERS);
}

/**
 * What each open queue may bring in one round: the round shared out by weight among it and those that are busy. Commissions alone
 * get all of it; beside others most of it, so that a backlog of theirs starves nobody.
 */
export function sharesOf(open: readonly QueueName[], busy: readonly QueueName[]): number[] {
  const weightOf = (queues: Iterable<QueueName>) =>
    [...queues].reduce((sum, queue) => sum + QUEUE_WEIGHTS[queue], 0);
  return open.map((queue) =>
    Math.floor((ENTRIES_PER_ROUND * QUEUE_WEIGHTS[queue]) / weightOf(new Set([...busy, queue]))),
  );
}

/**
 * Heaviest queue first, oldest entry first; entries that another relay holds are passed over. The round need not be durable: what
 * is lost with its marks is only that entries were carried, and they would be carried once more.
 */
function takeDue(tx: Tx, queues: readonly QueueName[], shares: readonly number[]): Promise<DueEntry[]> {
  return rows<DueEntry>(
    tx,
    sql`select e.id, e.queue, e.job, e.alone, e.run
        from set_config('synchronous_commit', 'off', true)
        cross join unnest(${array(queues)}::text[], ${array(shares)}::int[]) with ordinality as q(queue, share, rank)
        cross join lateral (
          select o.id, o.queue, o.job, o.run_at, o.parent as run,
                 o.attempts > 0 or o.parent is not null or o.slot is not null as alone
          from outbox o
          where o.queue = q.queue and o.enqueued_at is null and o.dead_at is null and o.run_at <= now()
          order by o.run_at, o.id
          limit q.share
          for update skip locked
        ) e
        order by q.rank, e.run_at, e.id`,
  );
}

async function rememberCarriers(tx: Tx, carriers: readonly NewCarrier[]): Promise<void> {
  const ids = carriers.flatMap((carrier) => carrier.entries);
  const holders = carriers.flatMap((carrier) => carrier.entries.map(() => carrier.id));
  await tx.execute(
    sql`update outbox o set enqueued_at = now(), carrier = held.carrier
        from unnest(${array(ids)}::bigint[], ${array(holders)}::text[]) as held(id, carrier)
        where o.id = held.id`,
  );
}
