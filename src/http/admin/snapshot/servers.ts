import { sql } from "drizzle-orm";
import { QUEUE_NAMES, type QueueName } from "../../../config/queues.ts";
import { isMigrated } from "../../../db/migrate/migrate.ts";
import { rows } from "../../../db/statement.ts";
import { withinLimit } from "../../../deadlines.ts";
import type { Runtime } from "../../../roles/runtime.ts";

const REDIS_LIMIT_MS = 1_500;

/** A server that the service uses. */
export type ServerRow = {
  readonly name: "Postgres" | "Redis";
  /** Null if it does not answer. */
  readonly version: string | null;
  readonly upSeconds: number | null;
  readonly notes: readonly string[];
};

/** Postgres with its version, and the resources that may run out. Its size needs a `stat` of every file. */
export async function readPostgres({ db }: Runtime): Promise<ServerRow> {
  const [[server], migrated] = await Promise.all([
    rows<{ version: string; upSeconds: number; bytes: string; connections: number; most: number }>(
      db.drizzle,
      sql`select current_setting('server_version') as version,
                 extract(epoch from now() - pg_postmaster_start_time())::float8 as "upSeconds",
                 pg_database_size(current_database())::text as bytes,
                 (select count(*)::int from pg_stat_activity where datname = current_database()) as connections,
                 current_setting('max_connections')::int as most`,
    ),
    isMigrated(db),
  ]);
  if (!server) return { name: "Postgres", version: null, upSeconds: null, notes: [] };
  return {
    name: "Postgres",
    version: server.version.split(" ")[0] ?? server.version,
    upSeconds: server.upSeconds,
    notes: [
      `${(Number(server.bytes) / 2 ** 30).toFixed(2)} GiB`,
      `${server.connections} of ${server.most} connections`,
      migrated ? "schema current" : "schema behind: run commonwork migrate",
    ],
  };
}

/** The same of Redis. */
export async function readRedis({ producers }: Runtime): Promise<ServerRow> {
  const gone: ServerRow = { name: "Redis", version: null, upSeconds: null, notes: [] };
  if (!producers.ready()) return gone;
  const info = await withinLimit(REDIS_LIMIT_MS, () => producers.redis.info()).catch(() => null);
  if (info === null) return gone;
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1] ?? null;
  return {
    name: "Redis",
    version: field("redis_version"),
    upSeconds: Number(field("uptime_in_seconds") ?? 0),
    notes: [
      `${field("used_memory_human") ?? "?"} used`,
      `${field("connected_clients") ?? "?"} clients`,
      `eviction ${field("maxmemory_policy") ?? "?"}`,
    ],
  };
}

/** The carriers of a queue in Redis. */
export type CarrierCount = {
  readonly queue: QueueName;
  readonly waiting: number;
  readonly active: number;
  readonly isPaused: boolean;
};

/** Empty while Redis does not answer. */
export async function countCarriers({ producers }: Runtime): Promise<CarrierCount[]> {
  if (!producers.ready()) return [];
  const countOf = async (queue: QueueName): Promise<CarrierCount> => {
    const [{ active = 0, prioritized = 0, wait = 0 }, isPaused] = await Promise.all([
      producers.queue(queue).getJobCounts("active", "prioritized", "wait"),
      producers.queue(queue).isPaused(),
    ]);
    return { queue, waiting: prioritized + wait, active, isPaused };
  };
  return withinLimit(REDIS_LIMIT_MS, () => Promise.all(QUEUE_NAMES.map(countOf))).catch(() => []);
}
