import { sql } from "drizzle-orm";
import type { Clock } from "../clock.ts";
import type { Database } from "../db/client.ts";
import { lockKey } from "../db/schema-keys.ts";
import { rows } from "../db/statement.ts";
import type { Log } from "../log.ts";
import type { Catalogue } from "../queues/job.ts";
import type { Producers } from "../queues/redis.ts";
import type { Relay } from "../queues/relay.ts";
import { sweep } from "../queues/sweep.ts";
import { type OpenedSlot, openDueSlots } from "../schedules/due-slots.ts";
import { reconcileSchedulers } from "../schedules/register.ts";
import type { Schedule } from "../schedules/schedule.ts";

export type SchedulerDeps = {
  readonly db: Database;
  readonly producers: Producers;
  readonly relay: Relay;
  readonly catalogue: Catalogue;
  readonly timetable: readonly Schedule[];
  readonly clock: Clock;
  readonly log: Log;
};

export type Scheduler = {
  start(): void;
  stop(): Promise<void>;
  /** False when no round has ended for two minutes, successful or not: the process should be restarted. */
  isAlive(): boolean;
};

const SWEEP_EVERY_MS = 15_000;
const STUCK_AFTER_MS = 120_000;
/** Every second round also opens due slots. */
const ROUNDS_PER_SLOT_CHECK = 2;
const ADVISORY_LOCK = lockKey("scheduler");

/**
 * The safety net behind the BullMQ schedulers: every 15 s it sweeps, and every 30 s it opens due slots and
 * reconciles the schedulers in Redis. Any number of processes may run it; an advisory lock lets one of them
 * work at a time.
 */
export function createScheduler(deps: SchedulerDeps): Scheduler {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | null = null;
  let round = 0;
  let endedAt = performance.now();
  const startRound = () => {
    running ??= runLocked(deps, round++ % ROUNDS_PER_SLOT_CHECK === 0)
      .catch((error) => deps.log.warn({ err: error }, "scheduler round failed; retrying in 15 s"))
      .finally(() => {
        running = null;
        endedAt = performance.now();
      });
  };
  return {
    start() {
      timer = setInterval(startRound, SWEEP_EVERY_MS);
      startRound();
    },
    async stop() {
      clearInterval(timer);
      await running;
    },
    isAlive: () => performance.now() - endedAt < STUCK_AFTER_MS,
  };
}

/** Runs a round under a session-level lock, so that no transaction is open while Redis is queried. */
async function runLocked(deps: SchedulerDeps, withSlots: boolean): Promise<void> {
  const holder = await deps.db.pool.connect();
  // Without a listener, losing this connection in the middle of a round would end the process.
  let lost = false;
  const onLost = () => {
    lost = true;
  };
  holder.on("error", onLost);
  try {
    const lock = await holder.query<{ mine: boolean }>(
      `select pg_try_advisory_lock(${ADVISORY_LOCK}) as mine`,
    );
    if (!lock.rows[0]?.mine) return;
    try {
      if (withSlots) await openAndReconcile(deps);
      await sweep(deps);
      deps.relay.wake();
    } finally {
      if (!lost) await holder.query(`select pg_advisory_unlock(${ADVISORY_LOCK})`);
    }
  } finally {
    holder.off("error", onLost);
    holder.release(lost);
  }
}

async function openAndReconcile(deps: SchedulerDeps): Promise<void> {
  await openSlots(deps, deps.timetable);
  if (deps.producers.ready()) await reconcileSchedulers(deps.producers, deps.timetable, deps.log);
}

/** Opens the due slots of these schedules. */
export async function openSlots(
  { relay, clock, log }: Pick<SchedulerDeps, "relay" | "clock" | "log">,
  timetable: readonly Schedule[],
): Promise<OpenedSlot[]> {
  const opened = await relay.transact((tx) => openDueSlots(tx, timetable, clock.now()));
  if (opened.length > 0) {
    const slots = opened.map(({ schedule, slot }) => `${schedule} ${slot.toISOString()}`);
    log.info({ slots }, "slots opened");
  }
  return opened;
}

/** Age of the oldest unfinished scheduled run in seconds, 0 if there is none. */
export async function scheduleLagSeconds(db: Database): Promise<number> {
  const [row] = await rows<{ lag: number }>(
    db.drizzle,
    sql`select coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as lag
        from job_runs where schedule is not null and finished_at is null`,
  );
  return row?.lag ?? 0;
}
