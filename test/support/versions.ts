import type { Clock } from "../../src/clock.ts";
import { QUEUE_NAMES } from "../../src/config/queues.ts";
import { createLog } from "../../src/log.ts";
import { catalogueOf } from "../../src/queues/catalogue.ts";
import type { Job } from "../../src/queues/job.ts";
import { openRuntime } from "../../src/roles/open-runtime.ts";
import type { Runtime } from "../../src/roles/runtime.ts";
import { createScheduler } from "../../src/roles/scheduler.ts";
import { startWorkers, type Workers } from "../../src/roles/worker.ts";
import type { Schedule } from "../../src/schedules/schedule.ts";
import { FAST_LOCKS, type World } from "./world.ts";

/** What differs between two versions of the program. */
export type VersionOptions = {
  readonly jobs: readonly Job[];
  readonly timetable?: readonly Schedule[];
  readonly clock?: Clock;
  /** How often a round of its scheduler begins. Default: it has none. */
  readonly schedulerRoundMs?: number;
};

/** Another version of the program, over the database and the Redis of a world. */
export type Version = Runtime & {
  /**
   * Starts its relay, its workers and its scheduler. They run until the test ends, or until they are stopped.
   */
  start(): Promise<void>;
  stop(): Promise<void>;
};

/** Opens a version that has these jobs alone. It is closed with the world. */
export function openVersion(world: World, options: VersionOptions): Version {
  const { jobs, timetable = [], clock, schedulerRoundMs } = options;
  const runtime = openRuntime({
    config: { ...world.config, databasePoolMax: 8 },
    clock: clock ?? world.clock,
    log: createLog({ level: process.env["TEST_LOG"] ?? "silent", format: "json" }),
    catalogue: catalogueOf(jobs),
    timetable,
    threads: world.compute.threads,
    ports: world.ports,
  });
  const scheduler =
    schedulerRoundMs === undefined ? null : createScheduler({ ...runtime, roundMs: schedulerRoundMs });
  let workers: Workers | null = null;
  const stop = async () => {
    await scheduler?.stop();
    await workers?.stop(1_000);
    workers = null;
    await runtime.relay.stop();
  };
  world.closing(async () => {
    await stop();
    await runtime.close();
  });
  return {
    ...runtime,
    async start() {
      runtime.relay.start();
      workers = startWorkers(runtime, { queues: QUEUE_NAMES, locks: FAST_LOCKS });
      await workers.ready();
      scheduler?.start();
    },
    stop,
  };
}

/** The clock of a process that is ahead of another one, or behind it. */
export const shiftedClock = (clock: Clock, byMs: number): Clock => ({
  now: () => new Date(clock.now().getTime() + byMs),
});
