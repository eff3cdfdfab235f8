import { sql } from "drizzle-orm";
import { Router } from "express";
import { isMigrated } from "../db/migrate/migrate.ts";
import { rows } from "../db/statement.ts";
import { writeRefusal } from "../db/write-check.ts";
import { DeadlineExceeded, withinLimit } from "../deadlines.ts";
import { redisFaults } from "../queues/redis-faults.ts";
import type { Runtime } from "../roles/runtime.ts";

/** `ok`, or what is wrong. */
type Check = string;

const UNREACHABLE = "unreachable";
const TOO_SLOW = "too slow";
/** A connection is not ready until Redis reports that it has loaded its data. */
const CONNECTED = "connected, and not ready: Redis may be loading its data";

const CHECK_LIMIT_MS = 1_500;

/**
 * `GET /health/live`: 200 while this process makes progress; `isAlive` reports its roles, since a process
 * that answers may still take no jobs. 503 asks for a restart.
 *
 * `GET /health/ready`: 200 if Postgres and Redis accept writes and all migrations are applied, else 503;
 * `checks` has the result of each. Without Redis, webhooks are still accepted, but jobs do not run: the
 * process is not ready.
 */
export function healthRoutes(runtime: Runtime, isAlive: () => boolean): Router {
  const router = Router();
  let migrated = false;
  const migrations = async (): Promise<Check> => {
    // Migrations are never reverted, so the result true is final.
    migrated ||= await isMigrated(runtime.db);
    return migrated ? "ok" : "behind";
  };
  router.get("/health/live", (_req, res) => {
    const live = isAlive();
    res.status(live ? 200 : 503).json({ status: live ? "live" : "stuck" });
  });
  router.get("/health/ready", async (_req, res) => {
    const [postgres, redis, applied] = await Promise.all([
      check(() => postgresState(runtime)),
      check(() => redisState(runtime)),
      check(migrations),
    ]);
    const checks = { postgres, redis, migrations: isUnanswered(postgres) ? "unknown" : applied };
    const ready = Object.values(checks).every((state) => state === "ok");
    res.set("Cache-Control", "no-store");
    res.status(ready ? 200 : 503).json({ status: ready ? "ready" : "not ready", checks });
  });
  return router;
}

async function postgresState({ db }: Runtime): Promise<Check> {
  const [server] = await rows<{ readonly: boolean; startedAt: string }>(
    db.drizzle,
    sql`select pg_is_in_recovery() or current_setting('transaction_read_only')::boolean as readonly,
               pg_postmaster_start_time()::text as "startedAt"`,
  );
  if (!server || server.readonly) return "read-only";
  return (await writeRefusal(db, server.startedAt)) ?? "ok";
}

async function redisState({ producers, config }: Runtime): Promise<Check> {
  const { status } = producers.redis;
  if (status !== "ready") return status === "connect" ? CONNECTED : UNREACHABLE;
  const faults = await redisFaults(producers.redis, config.redisPrefix);
  return faults.map(({ message }) => message).join(" ") || "ok";
}

const isUnanswered = (check: Check): boolean => check === UNREACHABLE || check === TOO_SLOW;

async function check(question: () => Promise<Check>): Promise<Check> {
  try {
    return await withinLimit(CHECK_LIMIT_MS, question);
  } catch (error) {
    return error instanceof DeadlineExceeded ? TOO_SLOW : UNREACHABLE;
  }
}
