import { databaseFault } from "../db/faults.ts";
import { isMigrated } from "../db/migrate.ts";
import { NotFit, notFitIn } from "../not-fit.ts";
import type { Runtime } from "./runtime.ts";

const OLDEST_REDIS = [6, 2] as const;

/**
 * What must be true before anything is taken: a current schema, and a Redis that will not throw keys away.
 * An absent Redis is no reason not to start: sales are accepted without it, and it is checked once it answers.
 *
 * @throws NotFit with every fault.
 */
export async function checkServers(runtime: Pick<Runtime, "db" | "producers" | "log">): Promise<void> {
  const faults = [...(await schemaFaults(runtime)), ...(await redisFaults(runtime))];
  if (faults.length > 0) throw new NotFit(faults.join("\n"));
}

async function schemaFaults({ db }: Pick<Runtime, "db">): Promise<string[]> {
  const current = await isMigrated(db).catch((error: Error) => error);
  if (current === true) return [];
  if (current === false) return ["The database schema is not current. Run `commonwork migrate` first."];
  const notFit = notFitIn(current);
  if (notFit !== null) return [notFit.message];
  return [`Postgres does not answer (${databaseFault(current)?.code ?? current.name}). Check DATABASE_URL.`];
}

const CONNECT_LIMIT_MS = 3_000;

async function redisFaults({ producers, log }: Pick<Runtime, "producers" | "log">): Promise<string[]> {
  const { redis } = producers;
  if (!(await becomesReady(redis))) {
    log.warn("Redis does not answer yet; sales are accepted and wait in Postgres until it does");
    return [];
  }
  const faults: string[] = [];
  const version = /redis_version:(\d+)\.(\d+)/.exec(await redis.info("server"));
  const [major, minor] = [Number(version?.[1] ?? 0), Number(version?.[2] ?? 0)];
  if (major < OLDEST_REDIS[0] || (major === OLDEST_REDIS[0] && minor < OLDEST_REDIS[1])) {
    faults.push(`Redis ${major}.${minor} is too old: ${OLDEST_REDIS.join(".")} or newer is needed.`);
  }
  const policy = /maxmemory_policy:(\S+)/.exec(await redis.info("memory"))?.[1];
  if (policy !== undefined && policy !== "noeviction") {
    faults.push(
      `Redis evicts keys (maxmemory-policy ${policy}). Set maxmemory-policy noeviction: work would vanish otherwise.`,
    );
  }
  return faults;
}

async function becomesReady(redis: Runtime["producers"]["redis"]): Promise<boolean> {
  const deadline = Date.now() + CONNECT_LIMIT_MS;
  while (redis.status !== "ready" && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return redis.status === "ready";
}
