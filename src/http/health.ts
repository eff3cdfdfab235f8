import { sql } from "drizzle-orm";
import { Router } from "express";
import { isMigrated } from "../db/migrate.ts";
import { DeadlineExceeded, withinLimit } from "../deadlines.ts";
import type { Runtime } from "../roles/runtime.ts";

type Check = "ok" | "unreachable" | "too slow" | "behind";

const CHECK_LIMIT_MS = 1_500;

/**
 * `GET /health/live`: 200 while this process does its work; `isConsuming` is the judgement of its workers, since a worker that
 * answers PING may still take no jobs. 503 asks for a restart.
 *
 * `GET /health/ready`: 200 when Postgres and Redis answer and every migration has been applied; 503 names what is missing.
 * Without Redis the webhooks still take sales, but nothing is worked off: that is not ready.
 */
export function healthRoutes(runtime: Runtime, isConsuming: () => boolean): Router {
  const router = Router();
  let migrated = false;
  const migrations = async () => {
    // A migration is not taken back: once is enough.
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

async function check(question: () => Promise<boolean>, otherwise: Check = "unreachable"): Promise<Check> {
  try {
    return (await withinLimit(CHECK_LIMIT_MS, question)) ? "ok" : otherwise;
  } catch (error) {
    return error instanceof DeadlineExceeded ? "too slow" : "unreachable";
  }
}
