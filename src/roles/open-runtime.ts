import type { Clock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import { settingsFrom } from "../config/settings.ts";
import { createMirroring } from "../connect/mirroring.ts";
import { openDatabase } from "../db/client.ts";
import { createServerClock, type ServerClock } from "../db/server-clock.ts";
import { type Log, warnThrottled } from "../log.ts";
import { createMetrics, type Metrics } from "../metrics.ts";
import { openPorts } from "../ports/open-ports.ts";
import type { Ports } from "../ports/ports.ts";
import { checkPostingLists } from "../ports/postings/postings-port.ts";
import { createActivity } from "../queues/activity.ts";
import type { Catalogue } from "../queues/catalogue.ts";
import { type CircuitChange, createCircuits } from "../queues/circuits.ts";
import { createJobPauses } from "../queues/job-pauses.ts";
import { noProducers, openProducers } from "../queues/redis.ts";
import { createRelay } from "../queues/relay.ts";
import type { Schedule } from "../schedules/schedule.ts";
import { openCompute } from "../threads/compute.ts";
import type { GuardedThreads } from "../threads/guarded-threads.ts";
import type { Threads } from "../threads/threads.ts";
import { type Tracing, UNTRACED } from "../tracing/tracing.ts";
import type { Runtime } from "./runtime.ts";

export type OpenOptions = {
  readonly config: Config;
  /** A fixed time, for tests and simulations. Default: the clock of Postgres. */
  readonly clock?: Clock;
  readonly log: Log;
  /** Default: off. It is not closed. */
  readonly tracing?: Tracing;
  /** Where lost connections are logged; default: `log`. */
  readonly connectionLog?: Log;
  /** How long a statement waits for a connection. Default: that of `openDatabase`. */
  readonly connectWithinMs?: number | undefined;
  readonly catalogue: Catalogue;
  readonly timetable: readonly Schedule[];
  /** Replace those that the configuration opens. */
  readonly ports?: Partial<Ports>;
  /** Pools used instead of new ones, and not closed. */
  readonly threads?: Threads;
  readonly guarded?: GuardedThreads;
};

/** Opens the shared resources of a process. No role runs yet. `close` closes what this opened. */
export function openRuntime(options: OpenOptions): Runtime & { close(): Promise<void> } {
  const { config, log, catalogue, timetable, tracing = UNTRACED } = options;
  // Checked before anything is opened that would have to be closed.
  checkPostingLists(config.postingSources);
  const onError = warnThrottled(options.connectionLog ?? log, "Postgres connection lost").warn;
  const { connectWithinMs } = options;
  const db = openDatabase(config, { max: config.databasePoolMax, connectWithinMs, onError });
  const serverClock = options.clock ? null : createServerClock({ on: db.drizzle });
  const clock = options.clock ?? (serverClock as ServerClock);
  const hasRedis = config.redisUrl !== "";
  const producers = hasRedis ? openProducers(config, options.connectionLog ?? log) : noProducers();
  const relay = createRelay({ db, producers, catalogue, log, tracing });
  const mirroring = createMirroring({ db, log, patienceMs: config.mirrorPatienceMs });
  const outside = { redis: hasRedis ? producers.redis : null, clock, db: db.drizzle };
  const ports = { ...openPorts(config, outside), ...options.ports };
  const compute = openCompute(options);
  const metrics = createMetrics();
  const circuits = createCircuits({ log, onChange: (change) => countCircuit(metrics, change) });
  return {
    config,
    settings: settingsFrom(config),
    clock,
    serverClock,
    log,
    tracing,
    catalogue,
    timetable,
    db,
    producers,
    relay,
    mirroring,
    metrics,
    activity: createActivity(),
    ports,
    compute,
    circuits,
    pauses: createJobPauses(db.drizzle),
    async close() {
      serverClock?.stop();
      await mirroring.stop();
      await relay.stop();
      await ports.mailer.close();
      await compute.close();
      await producers.close();
      await db.close();
    },
  };
}

function countCircuit({ circuitOpenings, circuitOpen }: Metrics, { work, fault, open }: CircuitChange): void {
  circuitOpen.set({ job: work }, open ? 1 : 0);
  if (open) circuitOpenings.inc({ job: work, fault });
}
