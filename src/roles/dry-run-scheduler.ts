import { dryRun, type Preview } from "../queues/dry-run.ts";
import { slotsBetween } from "../schedules/slots.ts";
import type { Runtime } from "./runtime.ts";
import type { Scheduler } from "./scheduler.ts";

const CHECK_EVERY_MS = 1_000;

/**
 * Stands in for the scheduler in a dry run: previews the run of each slot as it comes due. It stores nothing,
 * so the slots stay due for a process that runs for real.
 */
export function createDryRunScheduler(
  runtime: Runtime,
  onPreview: (schedule: string, preview: Preview) => void = () => undefined,
): Scheduler {
  let through = runtime.clock.now();
  let running: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;
  const previewDueSlots = async () => {
    const now = runtime.clock.now();
    for (const { name: schedule, pattern, tz, job, input } of runtime.timetable) {
      for (const slot of slotsBetween({ pattern, tz }, through, now)) {
        const preview = await dryRun(runtime, job, input, slot);
        runtime.log.info({ schedule, slot, preview: figuresOf(preview) }, "dry run: nothing was changed");
        onPreview(schedule, preview);
      }
    }
    through = now;
  };
  const check = () => {
    running ??= previewDueSlots()
      .catch((error) => runtime.log.warn({ err: error }, "dry run failed"))
      .finally(() => {
        running = null;
      });
  };
  return {
    start() {
      timer = setInterval(check, CHECK_EVERY_MS);
    },
    async stop() {
      clearInterval(timer);
      await running;
    },
    isAlive: () => true,
  };
}

/** Only counts: payloads are shown to the person who requests a preview, but not logged. */
const figuresOf = (preview: Preview) => ({
  job: preview.job,
  counts: preview.counts,
  skipped: preview.skipped,
  ranges: preview.ranges,
  requests: preview.requests.length,
  entries: preview.entries.length,
  events: preview.events.length,
  fault: preview.fault,
});
