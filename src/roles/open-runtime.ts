import type { Clock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import { openDatabase } from "../db/client.ts";
import type { Log } from "../log.ts";
import { createMetrics } from "../metrics.ts";
import { openPorts } from "../ports/open-ports.ts";
import type { Ports } from "../ports/ports.ts";
import type { Catalogue } from "../queues/job.ts";
import { openProducers } from "../queues/redis.ts";
import { createRelay } from "../queues/relay.ts";
import type { Schedule } from "../schedules/schedule.ts";
import { openCompute } from "../threads/compute.ts";
import type { Threads } from "../threads/threads.ts";
import type { Runtime } from "./runtime.ts";

export type OpenOptions = {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly catalogue: Catalogue;
  readonly timetable: readonly Schedule[];
  /** Instead of those that the configuration opens. */
  readonly ports?: Partial<Ports>;
  /** Of somebody else, who closes them; default: its own. */
  readonly threads?: Threads;
  readonly databaseName?: string;
};

/** Opens what a process shares. Nothing runs yet: roles are started by whoever opened it, and `close` undoes only this. */
export function openRuntime(options: OpenOptions): Runtime & { close(): Promise<void> } {
  const { config, clock, log, catalogue, timetable } = options;
  const complain = rarely((error: Error) => log.warn({ err: error }, "a connection is in trouble"));
  const db = openDatabase(config, { max: config.databasePoolMax, onError: complain });
  const producers = openProducers(config.redisUrl, config.redisPrefix, complain);
  const relay = createRelay({ db, producers, catalogue, log });
  const metrics = createMetrics();
  const ports = { ...openPorts(config, producers.redis, clock), ...options.ports };
  const compute = openCompute(options.threads);
  return {
    config,
    clock,
    log,
    catalogue,
    timetable,
    db,
    producers,
    relay,
    metrics,
    ports,
    compute,
    async close() {
      await relay.stop();
      await compute.close();
      await producers.close();
      await db.close();
    },
  };
}

const QUIET_MS = 30_000;

/** A server that is away is said once in a while, not with every attempt to reach it. */
function rarely<T>(say: (value: T) => void): (value: T) => void {
  let saidAt = Number.NEGATIVE_INFINITY;
  return (value) => {
    if (performance.now() - saidAt < QUIET_MS) return;
    saidAt = performance.now();
    say(value);
  };
}
