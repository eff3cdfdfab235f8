import { featuresOff } from "../db/extensions.ts";
import { databaseFault } from "../db/faults.ts";
import { isMigrated } from "../db/migrate.ts";
import { directAddress, poolsTransactions } from "../db/pooler.ts";
import { becomesTrue } from "../deadlines.ts";
import { NotFit, notFitIn } from "../not-fit.ts";
import type { Runtime } from "./runtime.ts";

const OLDEST_REDIS = [6, 2] as const;

type Checked = Pick<Runtime, "db" | "config" | "producers" | "log">;

/**
 * Checks what must be true before any work is accepted: a current schema, and a Redis that does not evict keys. A missing Redis does
 * not prevent the start, since webhooks are accepted without it.
 *
 * @throws NotFit with every fault.
 */
export async function checkServers(runtime: Checked): Promise<void> {
  const faults = [...(await databaseFaults(runtime)), ...(await redisFaults(runtime))];
  if (faults.length > 0) throw new NotFit(faults.join("\n"));
}

async function databaseFaults({ db, config, log }: Checked): Promise<string[]> {
  try {
    if (await poolsTransactions(db)) return [poolerFault(config.databaseUrl)];
    if (!(await isMigrated(db)))
      return ["The database schema is not current. Run `commonwork migrate` first."];
    for (const off of await featuresOff(db.pool, db.schema)) log.warn(off, "a feature is off");
    return [];
  } catch (error) {
    return [messageOf(error as Error, db.schema)];
  }
}

function poolerFault(databaseUrl: string): string {
  const direct = directAddress(databaseUrl);
  return `DATABASE_URL leads to a pooler in transaction mode, which loses session settings, session locks and LISTEN. Use ${direct === null ? "the address of Postgres itself, or a pooler in session mode" : `${direct} instead`}.`;
}

const INSUFFICIENT_PRIVILEGE = "42501";

function messageOf(error: Error, schema: string): string {
  const notFit = notFitIn(error);
  if (notFit !== null) return notFit.message;
  const code = databaseFault(error)?.code;
  if (code === INSUFFICIENT_PRIVILEGE)
    return `The role in DATABASE_URL may not read the tables in the schema ${schema}. \`commonwork migrate --print-roles\` prints the grants that it needs.`;
  return `Postgres does not answer (${code ?? error.name}). Check DATABASE_URL.`;
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
