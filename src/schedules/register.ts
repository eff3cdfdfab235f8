import type { JobSchedulerJson } from "bullmq";
import { QUEUE_NAMES } from "../config/queues.ts";
import type { Log } from "../log.ts";
import { PRIORITY, RETENTION } from "../queues/queues.ts";
import type { Producers } from "../queues/redis.ts";
import { fingerprint, type Schedule } from "./schedule.ts";

/** The BullMQ job that a scheduler makes: it only says that a slot may be due. */
export const TICK = "tick";

export type RegisterReport = { readonly written: string[]; readonly removed: string[] };

/**
 * Makes the schedulers in Redis those of the timetable: puts back what is missing, rewrites what has changed, removes what the code
 * no longer has. One that is right is left alone, since writing it would delete a run that is overdue.
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
        // One that Redis refuses must not keep the others from being put right; its slots are opened without it.
        log.warn({ err: error, schedule: schedule.name }, "a scheduler could not be written");
      }
    }
  }
  if (report.written.length + report.removed.length > 0) log.info(report, "schedulers reconciled");
  return report;
}

/** Long overdue: its delayed job was lost, so nothing will ever move it on. */
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
