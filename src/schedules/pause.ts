import { sql } from "drizzle-orm";
import { audit, circumstancesOf, type Decided } from "../db/audit.ts";
import { type LatestDecision, latestDecisions } from "../db/audit-log.ts";
import { array, type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { Schedule } from "./schedule.ts";

/** A paused schedule and who paused it; null once the audit log no longer has that. */
export type SchedulePause = {
  readonly name: string;
  readonly since: Date;
  readonly decided: LatestDecision | null;
};

/** The paused schedules of the timetable, by name, with who paused them and why. */
export async function listPausedSchedules(
  on: Queryable,
  timetable: readonly Pick<Schedule, "name">[],
): Promise<SchedulePause[]> {
  const paused = await rows<{ name: string; since: string }>(
    on,
    sql`select name, paused_at as since from schedules
        where paused_at is not null and name = any(${array(timetable.map(({ name }) => name))}::text[]) order by name`,
  );
  const decidedOf = await latestDecisions(
    on,
    "schedules.pause",
    paused.map(({ name }) => subjectOfSchedule(name)),
  );
  return paused.map(({ name, since }) => ({
    name,
    since: new Date(since),
    decided: decidedOf.get(subjectOfSchedule(name)) ?? null,
  }));
}

/** The subject of a schedule in the audit log. */
const subjectOfSchedule = (name: string): string => `schedules:${name}`;

/**
 * Pauses a schedule: it opens no slots until it is resumed. A run in progress continues.
 * @returns false if it was paused.
 */
export async function pauseSchedule(tx: Tx, name: string, decided: Decided): Promise<boolean> {
  const changed = await rows(
    tx,
    sql`insert into schedules (name, through, paused_at) values (${name}, now(), now())
        on conflict (name) do update set paused_at = excluded.paused_at where schedules.paused_at is null
        returning name`,
  );
  if (changed.length > 0) await record(tx, "schedules.pause", name, decided);
  return changed.length > 0;
}

/**
 * Resumes a schedule. Its misfire policy decides about the slots that were missed.
 * @returns false if it was not paused.
 */
export async function resumeSchedule(tx: Tx, name: string, decided: Decided): Promise<boolean> {
  const changed = await rows(
    tx,
    sql`update schedules set paused_at = null where name = ${name} and paused_at is not null returning name`,
  );
  if (changed.length > 0) await record(tx, "schedules.resume", name, decided);
  return changed.length > 0;
}

const record = (tx: Tx, action: string, name: string, decided: Decided) =>
  audit(tx, {
    actor: decided.actor,
    action,
    subject: subjectOfSchedule(name),
    details: circumstancesOf(decided),
  });
