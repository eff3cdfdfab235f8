import { sql } from "drizzle-orm";
import type { Clock } from "../clock.ts";
import type { Database } from "../db/client.ts";
import { lockKey } from "../db/schema-keys.ts";
import { rows } from "../db/statement.ts";
import { inTransaction } from "../db/transaction.ts";
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

export type Scheduler = { start(): void; stop(): Promise<void> };

const SWEEP_EVERY_MS = 15_000;
const ROUNDS_BETWEEN_SCHEDULES = 2;
const LOCK = lockKey("scheduler");

/**
 * The safety net: sweeps every 15 s; every 30 s opens due slots and puts schedulers right. Any number of processes may run it;
 * one at a time gets the lock.
 */
export function createScheduler(deps: SchedulerDeps): Scheduler {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | null = null;
  let round = 0;
  const turn = () => {
    running ??= alone(deps, round++ % ROUNDS_BETWEEN_SCHEDULES === 0)
      .catch((error) => deps.log.warn({ err: error }, "scheduler round failed; the next one tries again"))
      .finally(() => {
        running = null;
      });
  };
  return {
    start() {
      timer = setInterval(turn, SWEEP_EVERY_MS);
      turn();
    },
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}

/** Holds a lock of the session for the round, so that no long transaction stands open while Redis is asked. */
async function alone(deps: SchedulerDeps, withSchedules: boolean): Promise<void> {
  const holder = await deps.db.pool.connect();
  // Without a listener a Postgres that goes away in the middle of a round would end the program.
  let lost = false;
  const onLost = () => {
    lost = true;
  };
  holder.on("error", onLost);
  try {
    const lock = await holder.query<{ mine: boolean }>(`select pg_try_advisory_lock(${LOCK}) as mine`);
    if (!lock.rows[0]?.mine) return;
    try {
      if (withSchedules) await keepTime(deps);
      await sweep(deps);
      deps.relay.wake();
    } finally {
      if (!lost) await holder.query(`select pg_advisory_unlock(${LOCK})`);
    }
  } finally {
    holder.off("error", onLost);
    holder.release(lost);
  }
}

async function keepTime(deps: SchedulerDeps): Promise<void> {
  await openSlots(deps, deps.timetable);
  if (deps.producers.ready()) await reconcileSchedulers(deps.producers, deps.timetable, deps.log);
}

/** Opens what is due, and has it relayed. */
export async function openSlots(
  deps: Pick<SchedulerDeps, "db" | "relay" | "clock" | "log">,
  timetable: readonly Schedule[],
): Promise<OpenedSlot[]> {
  const opened = await inTransaction(deps.db, (tx) => openDueSlots(tx, timetable, deps.clock.now()));
  if (opened.length > 0) {
    deps.relay.wake();
    deps.log.info(
      { slots: opened.map(({ schedule, slot }) => `${schedule} ${slot.toISOString()}`) },
      "slots opened",
    );
  }
  return opened;
}

/** Age of the oldest scheduled run that has not ended, in seconds. 0 when none is under way. */
export async function scheduleLagSeconds(db: Database): Promise<number> {
  const [row] = await rows<{ lag: number }>(
    db.drizzle,
    sql`select coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as lag
        from job_runs where schedule is not null and finished_at is null`,
  );
  return row?.lag ?? 0;
}
