import { databaseFault } from "../db/faults.ts";
import { isMigrated } from "../db/migrate.ts";
import { becomesTrue } from "../deadlines.ts";
import { NotFit, notFitIn } from "../not-fit.ts";
import type { Runtime } from "./runtime.ts";

const OLDEST_REDIS = [6, 2] as const;

/**
 * Checks what must be true before any work is accepted: a current schema, and a Redis that does not evict keys. A missing Redis does
 * not prevent the start, since webhooks are accepted without it.
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
  if (!(await becomesTrue(CONNECT_LIMIT_MS, () => redis.status === "ready"))) {
    log.warn("Redis does not answer; work is accepted and waits in Postgres");
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
      `Redis evicts keys (maxmemory-policy ${policy}). Set maxmemory-policy noeviction, or work is lost.`,
    );
  }
  return faults;
}
