import type { JobSchedulerJson } from "bullmq";
import { QUEUE_NAMES } from "../config/queues.ts";
import type { Log } from "../log.ts";
import { PRIORITY, RETENTION } from "../queues/queues.ts";
import type { Producers } from "../queues/redis.ts";
import { fingerprint, type Schedule } from "./schedule.ts";

/** The BullMQ job that a scheduler adds: a hint that a slot may be due. */
export const TICK = "tick";

export type RegisterReport = { readonly written: string[]; readonly removed: string[] };

/**
 * Reconciles the schedulers in Redis with the timetable: adds missing ones, rewrites changed ones, and
 * removes those that the code no longer has. Unchanged ones are not written, since that would delete an
 * overdue tick.
 */
export async function reconcileSchedulers(
  producers: Producers,
  timetable: readonly Schedule[],
  log: Log,
): Promise<RegisterReport> {
  const report: RegisterReport = { written: [], removed: [] };
  for (const name of QUEUE_NAMES) {
    const queue = producers.queue(name);
    const wanted = new Map(timetable.filter((s) => s.job.queue === name).map((s) => [s.name, s]));
    const present = new Map((await queue.getJobSchedulers(0, -1)).map((s) => [s.key, s]));
    for (const key of present.keys()) {
      if (wanted.has(key)) continue;
      await queue.removeJobScheduler(key);
      report.removed.push(key);
    }
    for (const schedule of wanted.values()) {
      if (isCurrent(present.get(schedule.name), schedule)) continue;
      try {
        await upsert(producers, schedule);
        report.written.push(schedule.name);
      } catch (error) {
        // The other schedulers are still written. Slots of this one are opened by the scheduler role.
        if (!producers.failed(error))
          log.warn({ err: error, schedule: schedule.name }, "BullMQ scheduler could not be written");
      }
    }
  }
  if (report.written.length + report.removed.length > 0) log.info(report, "BullMQ schedulers reconciled");
  return report;
}

/** A scheduler that is this far overdue has lost its delayed job and will not fire again. */
const STALE_AFTER_MS = 5 * 60_000;

function isCurrent(present: JobSchedulerJson | undefined, schedule: Schedule): boolean {
  if (!present || typeof present.next !== "number") return false;
  const written = (present.template?.data as { fingerprint?: unknown } | undefined)?.fingerprint;
  return written === fingerprint(schedule) && Date.now() - present.next < STALE_AFTER_MS;
}

async function upsert(producers: Producers, schedule: Schedule): Promise<void> {
  await producers.queue(schedule.job.queue).upsertJobScheduler(
    schedule.name,
    { pattern: schedule.pattern, tz: schedule.tz },
    {
      name: TICK,
      data: { schedule: schedule.name, job: schedule.job.name, fingerprint: fingerprint(schedule) },
      opts: { priority: PRIORITY.tick, attempts: 1, ...RETENTION },
    },
  );
}
