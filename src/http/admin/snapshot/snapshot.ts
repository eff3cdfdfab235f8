import { sql } from "drizzle-orm";
import { type Alert, type AlertWatch, watchAlerts } from "../../../alerts/watch.ts";
import { rows } from "../../../db/statement.ts";
import { type QueueStep, readActivity } from "../../../queues/activity.ts";
import { foreignQueues } from "../../../queues/adopt-entries.ts";
import { type DecidedPause, listDecidedPauses } from "../../../queues/job-pauses.ts";
import { countEntries, type EntryCount, sampleEntries } from "../../../queues/outbox-counts.ts";
import { listRuns, type Run, runsById } from "../../../queues/runs.ts";
import { listProcesses, type ProcessRow } from "../../../roles/presence.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { listPausedSchedules, type SchedulePause } from "../../../schedules/pause.ts";
import { sharedReading } from "../../../shared-reading.ts";
import type { Gauges } from "../../metrics/gauges.ts";
import { countWrites } from "./count-writes.ts";
import { type CarrierCount, countCarriers, readPostgres, readRedis, type ServerRow } from "./servers.ts";

/** The state of the service that live pages show, at one time. */
export type Snapshot = {
  readonly at: Date;
  readonly entries: readonly EntryCount[];
  readonly running: readonly Run[];
  readonly slow: SlowPart;
};

/** The state of some runs, at one time. */
export type RunsNow = { readonly at: Date; readonly runs: readonly Run[] };

/** Parts that cost more or change more slowly, and may be some seconds older. */
type SlowPart = {
  readonly alerts: readonly Alert[];
  readonly activity: readonly QueueStep[];
  readonly carriers: readonly CarrierCount[];
  readonly servers: readonly ServerRow[];
  readonly processes: readonly ProcessRow[];
  readonly sales: OpenSales;
  readonly pauses: readonly PausedJob[];
  readonly pausedSchedules: readonly SchedulePause[];
};

/** A paused job, with its queue. */
export type PausedJob = DecidedPause & { readonly queue: string };

/** Sales that wait for a decision, and those whose buyer is unknown. */
type OpenSales = { readonly held: number; readonly unresolved: number };

export type Snapshots = {
  /** The current state, shared by all callers within a second. */
  read(): Promise<Snapshot>;
  /** Runs by their ids. */
  runs(ids: readonly string[]): Promise<RunsNow>;
  /** How many rows were ever written, by table, which shows that a table has changed. */
  writes(tables: readonly string[]): Promise<ReadonlyMap<string, string>>;
};

const RUNNING_SHOWN = 20;
/** Beyond it numbers are estimates: counting more, every two seconds, costs more than it is worth. */
const EXACT_UP_TO = 1_000;
const FAST_MS = 1_000;
const SLOW_MS = 15_000;
/** For a sample of the outbox and the size of the database: each costs more than a poll. */
const SLOWEST_MS = 60_000;
/** How far back the charts of the overview go, in steps of one minute. */
export const CHART_MINUTES = 180;

/** One reader per process, so that twenty open pages cost as much as one. */
export function createSnapshots(runtime: Runtime, gauges: Gauges): Snapshots {
  const on = runtime.db.drizzle;
  const sample = sharedReading(SLOWEST_MS, () => sampleEntries(on));
  const foreign = sharedReading(SLOW_MS, () => foreignQueues(on));
  const counts = sharedReading(FAST_MS, () =>
    countEntries(on, { from: runtime.relay.scanStarts(), exactUpTo: EXACT_UP_TO, sample, foreign }),
  );
  const postgres = sharedReading(SLOWEST_MS, () => readPostgres(runtime));
  const watch = watchAlerts({
    registry: runtime.metrics.registry,
    refresh: () => gauges.refreshWith(counts),
    on,
  });
  const slow = sharedReading(SLOW_MS, () => readSlow(runtime, watch, postgres));
  const fast = sharedReading(FAST_MS, async () => {
    const [entries, running] = await Promise.all([
      counts(),
      listRuns(on, { status: "running" }, RUNNING_SHOWN),
    ]);
    return { at: runtime.clock.now(), entries, running };
  });
  return {
    async read() {
      const [now, slowPart] = await Promise.all([fast(), slow()]);
      return { ...now, slow: slowPart };
    },
    runs: async (ids) => ({ at: runtime.clock.now(), runs: await runsById(on, ids) }),
    writes: (tables) => countWrites(on, tables),
  };
}

/** Sequential: concurrent statements would take all connections of a process that accepts sales. */
async function readSlow(
  runtime: Runtime,
  watch: AlertWatch,
  postgres: () => Promise<ServerRow>,
): Promise<SlowPart> {
  const on = runtime.db.drizzle;
  const since = new Date(runtime.clock.now().getTime() - CHART_MINUTES * 60_000);
  const alerts = await watch.look();
  const activity = await readActivity(on, since, 60);
  const carriers = await countCarriers(runtime);
  const servers = [await postgres(), await readRedis(runtime)];
  const processes = await listProcesses(on);
  const pauses = await listDecidedPauses(on);
  const pausedSchedules = await listPausedSchedules(on, runtime.timetable);
  // Both from a partial index.
  const [sales] = await rows<{ held: number; unresolved: number }>(
    on,
    sql`select (select count(*)::int from token_sales where status = 'held') as held,
               (select count(*)::int from token_sales where status = 'unresolved') as unresolved`,
  );
  return {
    alerts,
    activity,
    carriers,
    servers,
    processes,
    pausedSchedules,
    sales: sales ?? { held: 0, unresolved: 0 },
    pauses: pauses.flatMap((pause) => {
      const queue = runtime.catalogue.find(pause.job)?.job.queue;
      return queue === undefined ? [] : [{ ...pause, queue }];
    }),
  };
}
