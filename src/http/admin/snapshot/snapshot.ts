import { sql } from "drizzle-orm";
import { type Alert, type AlertWatch, watchAlerts } from "../../../alerts/watch.ts";
import { rows } from "../../../db/statement.ts";
import { type QueueStep, readActivity } from "../../../queues/activity.ts";
import { type DecidedPause, listDecidedPauses } from "../../../queues/job-pauses.ts";
import { countEntries, type EntryCount, sampleEntries } from "../../../queues/outbox-counts.ts";
import { listRuns, type Run, runsById } from "../../../queues/runs.ts";
import { listProcesses, type ProcessRow } from "../../../roles/presence.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { listPausedSchedules, type SchedulePause } from "../../../schedules/pause.ts";
import { sharedReading } from "../../../shared-reading.ts";
import type { Gauges } from "../../metrics/gauges.ts";
import { countWrites } from "./count-writes.ts";
import { type CarrierCount, countCarriers, readServers, type ServerRow } from "./servers.ts";

/** The state of the service that live pages show, at one time. */
export type Snapshot = {
  readonly at: Date;
  readonly entries: readonly EntryCount[];
  readonly running: readonly Run[];
  /** The runs that were requested by id. */
  readonly runs: readonly Run[];
  readonly slow: SlowPart;
};

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
  /**
   * The current state, shared by all callers within a second.
   * @param runs further runs to read.
   */
  read(runs?: readonly string[]): Promise<Snapshot>;
  /** How many rows were ever written, by table, which shows that a table has changed. */
  writes(tables: readonly string[]): Promise<ReadonlyMap<string, string>>;
};

const RUNNING_SHOWN = 20;
/** Beyond it numbers are estimates: counting more, every two seconds, costs more than it is worth. */
const EXACT_UP_TO = 1_000;
const FAST_MS = 1_000;
const SLOW_MS = 15_000;
/** How far back the charts of the overview go, in steps of one minute. */
export const CHART_MINUTES = 180;

/** One reader per process, so that twenty open pages cost as much as one. */
export function createSnapshots(runtime: Runtime, gauges: Gauges): Snapshots {
  const on = runtime.db.drizzle;
  const watch = watchAlerts({
    registry: runtime.metrics.registry,
    refresh: () => gauges.refresh(),
    on,
  });
  const slow = sharedReading(SLOW_MS, () => readSlow(runtime, watch));
  // Sampling costs several times as much as all else that is read at each poll.
  const sample = sharedReading(SLOW_MS, () => sampleEntries(on));
  const fast = sharedReading(FAST_MS, async () => {
    const [entries, running] = await Promise.all([
      countEntries(on, { from: runtime.relay.scanStarts(), exactUpTo: EXACT_UP_TO, sample }),
      listRuns(on, { status: "running" }, RUNNING_SHOWN),
    ]);
    return { at: runtime.clock.now(), entries, running };
  });
  return {
    async read(ids = []) {
      const [now, slowPart, runs] = await Promise.all([
        fast(),
        slow(),
        ids.length === 0 ? [] : runsById(on, ids),
      ]);
      return { ...now, runs, slow: slowPart };
    },
    writes: (tables) => countWrites(on, tables),
  };
}

async function readSlow(runtime: Runtime, watch: AlertWatch): Promise<SlowPart> {
  const on = runtime.db.drizzle;
  const since = new Date(runtime.clock.now().getTime() - CHART_MINUTES * 60_000);
  const [alerts, activity, carriers, servers, processes, pauses, pausedSchedules, [sales]] =
    await Promise.all([
      watch.look(),
      readActivity(on, since, 60),
      countCarriers(runtime),
      readServers(runtime),
      listProcesses(on),
      listDecidedPauses(on),
      listPausedSchedules(on, runtime.timetable),
      // Both from a partial index.
      rows<{ held: number; unresolved: number }>(
        on,
        sql`select (select count(*)::int from token_sales where status = 'held') as held,
                 (select count(*)::int from token_sales where status = 'unresolved') as unresolved`,
      ),
    ]);
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
