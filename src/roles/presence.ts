import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { sql } from "drizzle-orm";
import { createCounterHistory } from "../alerts/counter-history.ts";
import { createProcessHistory } from "../alerts/process-history.ts";
import { ALERT_RULES } from "../alerts/rules.ts";
import { array, type Queryable, rows } from "../db/statement.ts";
import { settlesWithin } from "../deadlines.ts";
import { warnThrottled } from "../log.ts";
import { recordWaits } from "../queues/activity.ts";
import { VERSION } from "../version.ts";
import { setClockOffset } from "./clock-offset.ts";
import type { Runtime } from "./runtime.ts";

const WRITE_EVERY_MS = 15_000;
/** At shutdown: a hanging Postgres must not delay it. */
const LEAVE_WITHIN_MS = 1_000;
/** A process that has not been seen for this long is shown as gone. */
const GONE_AFTER_SECONDS = 60;

export type Presence = {
  /** Writes the remaining counts, and removes the process from the list. */
  stop(): Promise<void>;
};

/**
 * Keeps this process on the list of those that run, with its version and roles, and writes the activity of
 * its carriers, how long due work has waited (queues/activity.ts), the counters that alert rules use, and the
 * rules about single processes that hold in this one: up to six statements every 15 s.
 *
 * @param name names this process in alerts.
 */
export function startPresence(
  runtime: Pick<
    Runtime,
    "db" | "config" | "clock" | "serverClock" | "log" | "activity" | "relay" | "metrics"
  >,
  name = `${hostname()} ${process.pid}`,
): Presence {
  const { db, config, clock, log, activity, relay, metrics } = runtime;
  const counters = createCounterHistory(metrics.registry, ALERT_RULES);
  const conditions = createProcessHistory(metrics.registry, ALERT_RULES, name);
  const id = randomUUID();
  const startedAt = clock.now();
  const failed = warnThrottled(log, "could not write the activity of this process; will retry");
  const queues = config.roles.includes("worker") && !config.dryRun ? config.workerQueues : [];
  const writeFigures = async () => {
    await activity.write(db.drizzle);
    await counters.write(db.drizzle);
  };
  const write = async () => {
    await writeFigures();
    setClockOffset(runtime);
    await conditions.write(db.drizzle);
    await recordWaits(db.drizzle, clock.now(), relay.scanStarts());
    await db.drizzle.execute(
      sql`with gone as (delete from processes where seen_at < now() - interval '1 hour')
          insert into processes (id, machine, pid, version, roles, queues, started_at, seen_at)
          values (${id}, ${hostname()}, ${process.pid}, ${VERSION}, ${array(config.roles)}::text[], ${array(queues)}::text[],
                  ${startedAt}::timestamptz, now())
          on conflict (id) do update set seen_at = excluded.seen_at`,
    );
  };
  let writing: Promise<void> | null = null;
  const round = () => {
    writing ??= write()
      .then(failed.recovered, failed.warn)
      .finally(() => {
        writing = null;
      });
  };
  const leave = async (pending: Promise<void> | null) => {
    await pending;
    await writeFigures().catch(failed.warn);
    await db.drizzle.execute(sql`delete from processes where id = ${id}`).catch(() => undefined);
  };
  const timer = setInterval(round, WRITE_EVERY_MS);
  round();
  return {
    async stop() {
      clearInterval(timer);
      await settlesWithin(LEAVE_WITHIN_MS, leave(writing));
    },
  };
}

/** A process of the service. */
export type ProcessRow = {
  machine: string;
  pid: number;
  version: string;
  roles: string[];
  queues: string[];
  startedAt: string;
  seenAt: string;
  /** Not seen lately: it was killed, or cannot reach Postgres. */
  isGone: boolean;
};

/** The processes of the last hour, the newest first. */
export const listProcesses = (on: Queryable): Promise<ProcessRow[]> =>
  rows<ProcessRow>(
    on,
    sql`select machine, pid, version, roles, queues, started_at as "startedAt", seen_at as "seenAt",
               seen_at < now() - ${GONE_AFTER_SECONDS} * interval '1 second' as "isGone"
        from processes where seen_at > now() - interval '1 hour' order by started_at desc limit 200`,
  );
