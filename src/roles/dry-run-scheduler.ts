import { settingsFrom } from "../config/settings.ts";
import { dryRun, type Preview } from "../queues/dry-run.ts";
import { slotsBetween } from "../schedules/due-slots.ts";
import type { Runtime } from "./runtime.ts";

const LOOK_EVERY_MS = 1_000;

/**
 * Shows what each slot would do when it comes, and does none of it. Nothing is written down, so the slots are still due for a
 * process that works for real.
 *
 * @returns how to stop.
 */
export function previewDueSlots(
  runtime: Runtime,
  onPreview: (schedule: string, preview: Preview) => void = () => undefined,
): () => Promise<void> {
  let through = runtime.clock.now();
  let running: Promise<void> | null = null;
  const look = async () => {
    const now = runtime.clock.now();
    for (const schedule of runtime.timetable) {
      for (const slot of slotsBetween(schedule, through, now)) {
        const preview = await dryRun(
          { ...runtime, settings: settingsFrom(runtime.config) },
          schedule.job,
          schedule.input,
          slot,
        );
        runtime.log.info(
          { schedule: schedule.name, slot, preview: shown(preview) },
          "dry run: nothing was consumed",
        );
        onPreview(schedule.name, preview);
      }
    }
    through = now;
  };
  const timer = setInterval(() => {
    running ??= look()
      .catch((error) => runtime.log.warn({ err: error }, "the preview failed"))
      .finally(() => {
        running = null;
      });
  }, LOOK_EVERY_MS);
  return async () => {
    clearInterval(timer);
    await running;
  };
}

/** Figures alone: the payloads of a preview are for the person who asks for one. */
const shown = (preview: Preview) => ({
  job: preview.job,
  counts: preview.counts,
  skipped: preview.skipped,
  ranges: preview.ranges,
  requests: preview.requests.length,
  entries: preview.entries.length,
  events: preview.events.length,
  fault: preview.fault,
});
