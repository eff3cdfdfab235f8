import { sql } from "drizzle-orm";
import { Router } from "express";
import { isMigrated } from "../db/migrate.ts";
import { DeadlineExceeded, withinLimit } from "../deadlines.ts";
import type { Runtime } from "../roles/runtime.ts";

type Check = "ok" | "unreachable" | "too slow" | "behind";

const CHECK_LIMIT_MS = 1_500;

/**
 * `GET /health/live`: 200 while this process makes progress; `isConsuming` reports its workers, since a worker with a working
 * connection may still take no jobs. 503 asks for a restart.
 *
 * `GET /health/ready`: 200 if Postgres and Redis answer and all migrations are applied, else 503; `checks` has the result of each.
 * Without Redis, webhooks still accept sales, but jobs do not run: the process is not ready.
 */
export function healthRoutes(runtime: Runtime, isConsuming: () => boolean): Router {
  const router = Router();
  let migrated = false;
  const migrations = async () => {
    // Migrations are never reverted, so the result true is final.
    migrated ||= await isMigrated(runtime.db);
    return migrated;
  };
  router.get("/health/live", (_req, res) => {
    const live = isConsuming();
    res.status(live ? 200 : 503).json({ status: live ? "live" : "stuck" });
  });
  router.get("/health/ready", async (_req, res) => {
    const [postgres, redis, schema] = await Promise.all([
      check(async () => (await runtime.db.drizzle.execute(sql`select 1`)) && true),
      check(async () => runtime.producers.ready() && (await runtime.producers.redis.ping()) === "PONG"),
      check(migrations, "behind"),
    ]);
    const checks = { postgres, redis, migrations: schema };
    const ready = Object.values(checks).every((state) => state === "ok");
    res.set("Cache-Control", "no-store");
    res.status(ready ? 200 : 503).json({ status: ready ? "ready" : "not ready", checks });
  });
  return router;
}

async function check(probe: () => Promise<boolean>, otherwise: Check = "unreachable"): Promise<Check> {
  try {
    return (await withinLimit(CHECK_LIMIT_MS, probe)) ? "ok" : otherwise;
  } catch (error) {
    return error instanceof DeadlineExceeded ? "too slow" : "unreachable";
  }
}
