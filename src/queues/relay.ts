import { inTransaction, type Tx } from "../db/transaction.ts";
import { type ThrottledWarning, warnThrottled } from "../log.ts";
import { createDirectDispatch } from "./direct-dispatch.ts";
import { createLookMemory } from "./look-memory.ts";
import { listenForEntries } from "./pg-listener.ts";
import { resumePostponed } from "./postpone.ts";
import { requeueAfterWipe } from "./redis-wipe.ts";
import { type QueueStates, type RoundDeps, readQueueStates, relayOnce } from "./relay-round.ts";

export type RelayDeps = RoundDeps & {
  /**
   * How often to look for due entries without being woken: for retries, and for what other processes left
   * behind.
   */
  readonly pollMs?: number;
};

export type Relay = {
  /** Starts a round soon. Cheap: any number of calls become one round. `transact` does it by itself. */
  wake(): void;
  /**
   * False when it has not ended a poll for half a minute, successful or not: the process should be restarted.
   */
  isAlive(): boolean;
  /**
   * Runs `work` in one transaction and starts the work it enqueued as soon as it has committed. Where the
   * queue has no backlog, without another transaction (direct-dispatch.ts).
   */
  transact<T>(work: (tx: Tx) => Promise<T>, signal?: AbortSignal): Promise<T>;
  start(): void;
  /** Resolves when the round under way has ended. */
  stop(): Promise<void>;
};

const POLL_MS = 250;
const STUCK_AFTER_MS = 30_000;
/**
 * A round of this many entries may have left some behind: the lightest of nine busy queues has a share of
 * fifteen.
 */
const LARGE_ROUND = 15;
/** After this many rounds in a row the loop ends until the next wake or poll. */
const ROUNDS_PER_WAKE = 1_000;

/**
 * Moves due entries into Redis: after each commit of this process, on a notification of Postgres, and by
 * polling.
 */
export function createRelay(deps: RelayDeps): Relay {
  let running: Promise<void> | null = null;
  let polling: Promise<void> | null = null;
  let wokenAgain = false;
  let stopped = true;
  let resumed = false;
  let polledAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let states: QueueStates | null = null;
  const memory = createLookMemory();
  const listener = listenForEntries(deps.db, () => wake());
  const direct = createDirectDispatch(deps);
  // Nothing is lost when a round or a poll fails: the entries stay due, and the next poll tries again.
  const roundFailed = warnThrottled(deps.log, "relay round failed; entries stay due in Postgres");
  const pollFailed = warnThrottled(deps.log, "relay poll failed; entries stay due in Postgres");

  const unlessRedis =
    ({ warn }: ThrottledWarning) =>
    (error: unknown) => {
      if (!deps.producers.failed(error)) warn(error);
    };

  const look = async () => {
    const seen = await memory.look((from) => readQueueStates(deps, from));
    direct.allow(seen.open.filter((queue) => !seen.busy.includes(queue)));
    return seen;
  };
  const rounds = async () => {
    for (let round = 0; round < ROUNDS_PER_WAKE && !stopped; round++) {
      wokenAgain = false;
      if (!deps.producers.ready()) return;
      states ??= await look();
      const taken = await relayOnce(deps, states);
      roundFailed.recovered();
      // A large round outdates the states and may have left entries behind. After a small one nothing was
      // left, and the states hold until the next poll.
      const large = taken >= LARGE_ROUND;
      if (large) states = null;
      if (!large && !wokenAgain) return;
    }
  };
  const wake = () => {
    wokenAgain = true;
    if (running !== null || stopped) return;
    running = rounds()
      .catch(unlessRedis(roundFailed))
      .finally(() => {
        running = null;
      });
  };
  const poll = async () => {
    if (!resumed) await resumePostponed(deps.db.drizzle, deps.catalogue.names);
    resumed = true;
    if (deps.producers.ready()) {
      if ((await requeueAfterWipe(deps)).length > 0) memory.forget();
      states = await look();
      pollFailed.recovered();
    } else {
      direct.allow([]);
    }
    wake();
  };
  const startPoll = () => {
    polling ??= poll()
      .catch(unlessRedis(pollFailed))
      .finally(() => {
        polling = null;
        polledAt = performance.now();
      });
  };
  return {
    wake,
    isAlive: () => stopped || performance.now() - polledAt < STUCK_AFTER_MS,
    async transact(work, signal) {
      const reservations = direct.open();
      const result = await inTransaction(deps.db, work, signal, reservations);
      direct.dispatch(reservations);
      if (reservations.pending) wake();
      return result;
    },
    start() {
      if (!stopped) return;
      stopped = false;
      polledAt = performance.now();
      timer = setInterval(startPoll, deps.pollMs ?? POLL_MS);
      listener.start();
      startPoll();
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      direct.allow([]);
      await listener.stop();
      await polling;
      await running;
      await direct.idle();
    },
  };
}
