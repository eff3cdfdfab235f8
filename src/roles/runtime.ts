import type { Clock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import type { Settings } from "../config/settings.ts";
import type { Mirroring } from "../connect/mirroring.ts";
import type { Database } from "../db/client.ts";
import type { ServerClock } from "../db/server-clock.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { Ports } from "../ports/ports.ts";
import type { Activity } from "../queues/activity.ts";
import type { Catalogue } from "../queues/catalogue.ts";
import type { Circuits } from "../queues/circuits.ts";
import type { JobPauses } from "../queues/job-pauses.ts";
import type { Producers } from "../queues/redis.ts";
import type { Relay } from "../queues/relay.ts";
import type { Schedule } from "../schedules/schedule.ts";
import type { Compute } from "../threads/compute.ts";
import type { Tracing } from "../tracing/tracing.ts";

/**
 * The resources that the parts of one process share. Made once, by `openRuntime`, and passed down, never
 * imported.
 */
export type Runtime = {
  readonly config: Config;
  /** The part of the configuration that jobs may read. */
  readonly settings: Settings;
  readonly clock: Clock;
  /** `clock`, unless the time is fixed. */
  readonly serverClock: ServerClock | null;
  readonly log: Log;
  readonly tracing: Tracing;
  readonly db: Database;
  readonly producers: Producers;
  readonly relay: Relay;
  readonly mirroring: Mirroring;
  readonly catalogue: Catalogue;
  readonly timetable: readonly Schedule[];
  readonly ports: Ports;
  readonly compute: Compute;
  readonly metrics: Metrics;
  readonly activity: Activity;
  readonly circuits: Circuits;
  readonly pauses: JobPauses;
};
