import { sql } from "drizzle-orm";
import type { Clock } from "../clock.ts";
import type { Database } from "../db/client.ts";
import { lockKey } from "../db/schema-keys.ts";
import type { ServerClock } from "../db/server-clock.ts";
import { withSessionLock } from "../db/session-lock.ts";
import { rows } from "../db/statement.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { adoptEntries } from "../queues/adopt-entries.ts";
import type { Catalogue } from "../queues/catalogue.ts";
import { topUpRanges } from "../queues/parked-ranges.ts";
import { failPostponed } from "../queues/postpone.ts";
import type { Producers } from "../queues/redis.ts";
import type { Relay } from "../queues/relay.ts";
import { failAbandonedRuns } from "../queues/runs.ts";
import { sweep } from "../queues/sweep.ts";
import { type OpenedSlot, openDueSlots } from "../schedules/due-slots.ts";
import { reconcileSchedulers } from "../schedules/register.ts";
import type { Schedule } from "../schedules/schedule.ts";
import { scheduleFaults } from "./schedule-faults.ts";

export type SchedulerDeps = {
  readonly db: Database;
  readonly producers: Producers;
  readonly relay: Relay;
  readonly catalogue: Catalogue;
  readonly timetable: readonly Schedule[];
  readonly clock: Clock;
  readonly serverClock: ServerClock | null;
  readonly metrics: Metrics;
  readonly log: Log;
  /** How often a round begins. */
  readonly roundMs?: number;
};

export type Scheduler = {
  start(): void;
  stop(): Promise<void>;
  /** False when no round has ended for two minutes, successful or not: the process should be restarted. */
  isAlive(): boolean;
};

export const ROUND_EVERY_MS = 5_000;
const STUCK_AFTER_MS = 120_000;
/** Every second round opens due slots, and every third one does work that is not urgent. */
export const ROUNDS_PER_SLOT_CHECK = 2;
const ROUNDS_PER_UPKEEP = 3;
const ADVISORY_LOCK = lockKey("scheduler");

/**
 * The safety net behind the BullMQ schedulers: every 5 s it sweeps, and every 10 s it opens due slots and
 * reconciles the schedulers in Redis, so that work proceeds within 15 s of the recovery of a server. Any
 * number of processes may run it; an advisory lock lets one of them work at a time.
 */
export function createScheduler(deps: SchedulerDeps): Scheduler {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | null = null;
  let round = 0;
  let endedAt = performance.now();
  const startRound = () => {
    running ??= runLocked(deps, stepsOf(round++))
      .catch((error) => {
        if (!deps.producers.failed(error))
          deps.log.warn({ err: error }, "scheduler round failed; retrying in 5 s");
      })
      .finally(() => {
        running = null;
        endedAt = performance.now();
      });
  };
  return {
    start() {
      timer = setInterval(startRound, deps.roundMs ?? ROUND_EVERY_MS);
      startRound();
    },
    async stop() {
      clearInterval(timer);
      await running;
    },
    isAlive: () => performance.now() - endedAt < STUCK_AFTER_MS,
  };
}

/** Runs a round under a lock of a session, so that no transaction is open while Redis is queried. */
async function runLocked(deps: SchedulerDeps, steps: readonly Step[]): Promise<void> {
  await withSessionLock(deps.db, ADVISORY_LOCK, async () => {
    await runSteps(deps, steps);
    deps.relay.wake();
  });
}

type Step = { readonly name: string; run(deps: SchedulerDeps): Promise<unknown> };

const SLOT_STEPS: readonly Step[] = [
  { name: "open due slots", run: (deps) => openSlots(deps, deps.timetable) },
  {
    name: "reconcile BullMQ schedulers",
    run: async ({ producers, timetable, log }) =>
      producers.ready() && reconcileSchedulers(producers, timetable, log),
  },
];

const SWEEP_STEPS: readonly Step[] = [{ name: "sweep", run: (deps) => sweep(deps) }];

const UPKEEP_STEPS: readonly Step[] = [
  { name: "adopt entries", run: adoptEntries },
  {
    name: "release parked ranges",
    run: async ({ db, producers, catalogue }) => producers.ready() && topUpRanges(db, producers, catalogue),
  },
  {
    name: "fail postponed entries",
    run: async ({ db, log }) => {
      const dead = await failPostponed(db);
      if (dead > 0)
        log.error(
          { dead },
          "no running version has had the jobs of these entries for a day; they are dead letters now",
        );
    },
  },
  {
    name: "fail abandoned runs",
    run: async ({ db, log }) => {
      const runs = await failAbandonedRuns(db.drizzle);
      if (runs.length > 0)
        log.error({ runs }, "unfinished runs had no entries left and were marked as failed");
    },
  },
];

const stepsOf = (round: number): readonly Step[] => [
  ...(round % ROUNDS_PER_SLOT_CHECK === 0 ? SLOT_STEPS : []),
  ...SWEEP_STEPS,
  ...(round % ROUNDS_PER_UPKEEP === 0 ? UPKEEP_STEPS : []),
];

/**
 * A step that fails does not keep the others from running. A lost Redis is logged by the producers'
 * connection, once for the whole process.
 */
async function runSteps(deps: SchedulerDeps, steps: readonly Step[]): Promise<void> {
  for (const { name, run } of steps) {
    try {
      await run(deps);
    } catch (error) {
      if (deps.producers.failed(error)) continue;
      deps.log.warn({ err: error, step: name }, "step of the scheduler failed; retrying in the next round");
    }
  }
}

/** Opens the due slots of these schedules, unless Postgres's clock differs from the expected time. */
export async function openSlots(
  {
    relay,
    clock,
    serverClock,
    metrics,
    log,
  }: Pick<SchedulerDeps, "relay" | "clock" | "serverClock" | "metrics" | "log">,
  timetable: readonly Schedule[],
): Promise<OpenedSlot[]> {
  const opened = await relay.transact(async (tx) => {
    if (serverClock && !(await serverClock.confirm(tx))) {
      log.error("Postgres's clock has jumped; no slots are opened in this round");
      return [];
    }
    return openDueSlots(tx, timetable, clock.now(), scheduleFaults({ metrics, log }));
  });
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
