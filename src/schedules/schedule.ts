import { createHash } from "node:crypto";
import type { Job } from "../queues/job.ts";

/**
 * What to do with slots that passed while nothing ran.
 * `once`: the latest one; `skip`: none, unless the latest is under a minute old; `backfill`: the latest `max`, oldest first.
 */
export type Misfire = "once" | "skip" | { readonly backfill: number };

/** One line of the timetable. */
export type Schedule = {
  /** Its identity in Postgres and in Redis: kebab-case, without colons. */
  readonly name: string;
  /** Five cron fields, read in `tz`. */
  readonly pattern: string;
  /** An IANA zone; never the zone of the machine. */
  readonly tz: string;
  readonly job: Job;
  readonly input: Readonly<Record<string, unknown>>;
  readonly misfire: Misfire;
};

/** Tells whether the scheduler in Redis is the one that the code means. */
export function fingerprint(schedule: Schedule): string {
  const { name, pattern, tz, job, input } = schedule;
  return createHash("sha256")
    .update(JSON.stringify([name, pattern, tz, job.name, job.queue, input]))
    .digest("hex")
    .slice(0, 16);
}
