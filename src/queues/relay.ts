import { inTransaction, type Tx } from "../db/transaction.ts";
import { type ThrottledWarning, warnThrottled } from "../log.ts";
import type { Tracing } from "../tracing/tracing.ts";
import { createDirectDispatch } from "./direct-dispatch.ts";
import { createDueScan } from "./due-scan.ts";
import { createLiveMarks } from "./live-queues.ts";
import { listenForEntries } from "./pg-listener.ts";
import { resumePostponed } from "./postpone.ts";
import { requeueAfterWipe } from "./redis-wipe.ts";
import {
  type QueueStates,
  type RoundDeps,
  readQueueStates,
  relayOnce,
  type ScanStarts,
} from "./relay-round.ts";

export type RelayDeps = RoundDeps & {
  readonly tracing: Tracing;
  /**
   * How often to scan for due entries without being woken: for retries, and for what other processes left
   * behind.
   */
  readonly pollMs?: number;
};

type Transact = <T>(work: (tx: Tx) => Promise<T>, signal?: AbortSignal) => Promise<T>;

export type Relay = {
  /** Starts a round soon. Cheap: any number of calls become one round. `transact` does it by itself. */
  wake(): void;
  /**
   * False when it has not ended a poll for half a minute, successful or not: the process should be restarted.
   */
  isAlive(): boolean;
  /** Where the due entries of each queue began at the last scan; empty before the first one. */
  scanStarts(): ScanStarts;
  /**
   * Runs `work` in one transaction and starts the work it enqueued as soon as it has committed. Where the
   * queue has no backlog, without another transaction (direct-dispatch.ts).
   */
  readonly transact: Transact;
  start(): void;
  /** Resolves when the round under way has ended. */
  stop(): Promise<void>;
};

export const POLL_MS = 250;
const STUCK_AFTER_MS = 30_000;
/**
 * A round of this many entries may have left some behind: while all queues are busy, the share of the
 * lightest queue is not much larger.
 */
const LARGE_ROUND = 15;
/** After this many rounds in a row the loop ends until the next wake or poll. */
const ROUNDS_PER_WAKE = 1_000;

/**
 * Moves due entries into Redis: after each commit of this process, on a notification of Postgres, and by
 * polling.
 */
export function createRelay(deps: RelayDeps): Relay {
  const direct = createDirectDispatch(deps);
  const scans = createScans(deps, direct);
  const rounds = createRounds(deps, scans);
  const polls = createPolls(deps, scans, direct, rounds.wake);
  const listener = listenForEntries(deps.db, () => rounds.wake());
  const transact: Transact = async (work, signal) => {
    const reservations = direct.open(deps.tracing.current()?.context ?? null);
    const result = await inTransaction(deps.db, work, signal, reservations);
    direct.dispatch(reservations);
    if (reservations.pending) rounds.wake();
    return result;
  };
  let started = false;
  return {
    wake: rounds.wake,
    isAlive: () => !started || polls.isAlive(),
    scanStarts: scans.starts,
    transact: deps.tracing.isOn ? inSpans(deps.tracing, transact) : transact,
    start() {
      if (started) return;
      started = true;
      rounds.open();
      listener.start();
      polls.start();
    },
    async stop() {
      started = false;
      const roundsEnded = rounds.close();
      direct.allow([]);
      await listener.stop();
      await polls.stop();
      // The last poll may have allowed it again.
      direct.allow([]);
      await roundsEnded;
      await direct.idle();
    },
  };
}

/** Each transaction that runs in a span has a span of its own, which is the one that enqueues its entries. */
const inSpans =
  (tracing: Tracing, transact: Transact): Transact =>
  (work, signal) =>
    tracing.current() === null
      ? transact(work, signal)
      : tracing.inSpan(TRANSACTION, () => transact(work, signal));

const TRANSACTION = {
  name: "transaction",
  kind: "client",
  attributes: { "db.system.name": "postgresql" },
} as const;

type DirectDispatch = ReturnType<typeof createDirectDispatch>;

/** What the relay knows about the queues. */
type Scans = {
  /** The states seen by the last scan; scans if they are outdated. */
  states(): Promise<QueueStates>;
  scan(): Promise<QueueStates>;
  outdate(): void;
  starts(): ScanStarts;
  /** Makes the next scan start at the oldest entry. */
  restart(): void;
};

function createScans(deps: RelayDeps, direct: DirectDispatch): Scans {
  const dueScan = createDueScan();
  let states: QueueStates | null = null;
  const scan = async () => {
    const seen = await dueScan.run((from) => readQueueStates(deps, from));
    direct.allow(seen.open.filter((queue) => !seen.busy.includes(queue)));
    states = seen;
    return seen;
  };
  return {
    states: async () => states ?? scan(),
    scan,
    outdate() {
      states = null;
    },
    starts: dueScan.starts,
    restart: dueScan.restart,
  };
}

/** Warns of what fails, unless it is a fault of Redis. Nothing is lost then: the next poll tries again. */
const warnUnlessRedis =
  ({ producers }: RelayDeps, { warn }: ThrottledWarning) =>
  (error: unknown): void => {
    if (!producers.failed(error)) warn(error);
  };

/** Rounds, one at a time: each takes due entries, until none is left. */
function createRounds(deps: RelayDeps, scans: Scans) {
  const failed = warnThrottled(deps.log, "relay round failed; entries stay due in Postgres");
  let running: Promise<void> | null = null;
  let wokenAgain = false;
  let isOpen = false;
  const run = async () => {
    for (let round = 0; round < ROUNDS_PER_WAKE && isOpen; round++) {
      wokenAgain = false;
      if (!deps.producers.ready()) return;
      const taken = await relayOnce(deps, await scans.states());
      failed.recovered();
      // A large round outdates the states and may have left entries behind. After a small one nothing was
      // left, and the states hold until the next poll.
      const large = taken >= LARGE_ROUND;
      if (large) scans.outdate();
      if (!large && !wokenAgain) return;
    }
  };
  return {
    wake(): void {
      wokenAgain = true;
      if (running !== null || !isOpen) return;
      running = deps.tracing
        .outside(run)
        .catch(warnUnlessRedis(deps, failed))
        .finally(() => {
          running = null;
        });
    },
    open(): void {
      isOpen = true;
    },
    /** Resolves when the round under way has ended. */
    async close(): Promise<void> {
      isOpen = false;
      await running;
    },
  };
}

/** Scans the queues at intervals, and wakes the rounds. */
function createPolls(deps: RelayDeps, scans: Scans, direct: DirectDispatch, wake: () => void) {
  const failed = warnThrottled(deps.log, "relay poll failed; entries stay due in Postgres");
  const marks = createLiveMarks(deps.producers);
  let polling: Promise<void> | null = null;
  let resumed = false;
  let endedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const poll = async () => {
    if (!resumed) await resumePostponed(deps.db.drizzle, deps.catalogue.names);
    resumed = true;
    if (deps.producers.ready()) {
      const wiped = (await requeueAfterWipe(deps)).length > 0;
      if (wiped) scans.restart();
      await marks.renew(wiped);
      await scans.scan();
      failed.recovered();
    } else {
      direct.allow([]);
    }
    wake();
  };
  const startPoll = () => {
    polling ??= poll()
      .catch(warnUnlessRedis(deps, failed))
      .finally(() => {
        polling = null;
        endedAt = performance.now();
      });
  };
  return {
    isAlive: () => performance.now() - endedAt < STUCK_AFTER_MS,
    start(): void {
      endedAt = performance.now();
      timer = setInterval(startPoll, deps.pollMs ?? POLL_MS);
      startPoll();
    },
    /** Resolves when the poll under way has ended. */
    async stop(): Promise<void> {
      clearInterval(timer);
      await polling;
    },
  };
}
