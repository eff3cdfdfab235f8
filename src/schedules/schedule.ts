import { createHash } from "node:crypto";
import type { Job } from "../queues/job.ts";

/**
 * What to do with missed slots. `once`: run the latest. `skip`: run none, unless the latest is less than a
 * minute old. `backfill`: run the latest `backfill` ones, oldest first.
 */
export type Misfire = "once" | "skip" | { readonly backfill: number };

/** One line of the timetable. */
export type Schedule = {
  /** Identifies the schedule in Postgres and in Redis: kebab-case, without colons. */
  readonly name: string;
  /** Five cron fields, in the zone `tz`. */
  readonly pattern: string;
  /** An IANA zone; never that of the machine. */
  readonly tz: string;
  readonly job: Job;
  readonly input: Readonly<Record<string, unknown>>;
  readonly misfire: Misfire;
};

type ScheduleOptions<P> = Partial<Pick<Schedule, "name" | "tz" | "misfire">> & {
  readonly input?: Partial<P>;
};

/**
 * A schedule for a job: by default under the job's name, in UTC, without input, and with missed slots run
 * once.
 */
export const every = <P>(
  pattern: string,
  job: Job<P>,
  { name = job.name, tz = "UTC", input = {}, misfire = "once" }: ScheduleOptions<P> = {},
): Schedule => ({ name, pattern, tz, job: job as Job, input: { ...input }, misfire });

/** Changes whenever the scheduler in Redis has to be rewritten. */
export function fingerprint(schedule: Schedule): string {
  const { name, pattern, tz, job, input } = schedule;
  return createHash("sha256")
    .update(JSON.stringify([name, pattern, tz, job.name, job.queue, input]))
    .digest("hex")
    .slice(0, 16);
}
