import type { RunCarrierDeps } from "../queues/attempt.ts";
import { openNextSlot } from "../schedules/due-slots.ts";
import { reportCarrier } from "./carrier-report.ts";
import type { Runtime } from "./runtime.ts";
import { scheduleFaults } from "./schedule-faults.ts";

/** How this process runs jobs: as usual, unless a hook replaces a step. */
export function executionOf(runtime: Runtime, hooks: Partial<RunCarrierDeps> = {}): RunCarrierDeps {
  const { db, clock, log, catalogue, ports, settings, compute, circuits, relay, timetable, metrics } =
    runtime;
  return {
    db,
    clock,
    log,
    catalogue,
    ports,
    settings,
    compute,
    tracing: runtime.tracing,
    circuits,
    pauses: runtime.pauses,
    transact: relay.transact,
    catchUp: runtime.mirroring.catchUp,
    insteadOfCall: null,
    remark: () => undefined,
    measure: (counter, labels, n) => metrics[counter].inc(labels, n),
    onRunFinished: (tx, runId) => openNextSlot(tx, timetable, runId, clock.now(), scheduleFaults(runtime)),
    onProgress: () => undefined,
    report: (report) => reportCarrier(runtime, report),
    ...hooks,
  };
}
