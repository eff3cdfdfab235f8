import { databaseFault } from "../database-fault.ts";
import { isMigrated } from "../db/migrate/migrate.ts";
import { poolsTransactions } from "../db/pooler.ts";
import { poolerFault } from "../db/pooler-fault.ts";
import { refusalMessage } from "../db/refusal-message.ts";
import { becomesTrue } from "../deadlines.ts";
import { isRedisAbsent } from "../queues/redis-errors.ts";
import { type RedisFault, redisFaults } from "../queues/redis-faults.ts";
import { UnsuitableServer, unsuitableServerIn } from "../unsuitable-server.ts";
import type { Runtime } from "./runtime.ts";

type Checked = Pick<Runtime, "db" | "producers" | "config" | "log" | "serverClock">;

/**
 * Checks what must be true before any work is accepted: a current schema, and a Redis that can carry work. A
 * Redis that is missing, or read-only or full for now, does not prevent the start, since webhooks are
 * accepted without it.
 *
 * @throws UnsuitableServer with every fault.
 */
export async function checkServers(runtime: Checked): Promise<void> {
  const faults = [...(await databaseFaults(runtime)), ...(await permanentRedisFaults(runtime))];
  if (faults.length > 0) throw new UnsuitableServer(faults.join("\n"));
}

async function databaseFaults({ db, config, log, serverClock }: Checked): Promise<string[]> {
  try {
    if (await poolsTransactions(db)) return [poolerFault(config.databaseUrl)];
    if (!(await isMigrated(db)))
      return ["The database schema is not current. Run `commonwork migrate` first."];
    await serverClock?.measure();
    const offsetMs = serverClock?.offsetMs() ?? 0;
    if (Math.abs(offsetMs) > CLOCK_TOLERANCE_MS)
      log.warn(
        { offsetSeconds: Math.round(offsetMs / 1_000) },
        "the clock of this machine differs from Postgres's, which is used; set it, for example with NTP",
      );
    return [];
  } catch (error) {
    return [databaseMessage(error)];
  }
}

/** Clocks that differ by more are reported. */
export const CLOCK_TOLERANCE_MS = 5_000;

/** The fault of Postgres and what to do about it, from an error of its client. */
export function databaseMessage(error: unknown): string {
  const known = unsuitableServerIn(error)?.message ?? refusalMessage(error);
  if (known !== null) return known;
  const reason = databaseFault(error)?.code ?? (error instanceof Error ? error.name : "unknown");
  return `Postgres fails (${reason}). Its log has the statement.`;
}

const CONNECT_LIMIT_MS = 3_000;
const NO_ANSWER = "Redis does not answer. Work is accepted and waits in Postgres.";

async function permanentRedisFaults({ producers, config, log }: Checked): Promise<string[]> {
  const { redis } = producers;
  if (!(await becomesTrue(CONNECT_LIMIT_MS, () => redis.status === "ready"))) {
    log.warn(NO_ANSWER);
    return [];
  }
  const faults = await redisFaults(redis, config.redisPrefix).catch((error: unknown): RedisFault[] => {
    // A process may start while a replica takes over.
    if (!isRedisAbsent(error)) throw error;
    return [{ permanent: false, message: "Redis does not answer." }];
  });
  for (const { permanent, message } of faults)
    if (!permanent) log.warn(`${message} Work is accepted and waits in Postgres.`);
  return faults.filter(({ permanent }) => permanent).map(({ message }) => message);
}
