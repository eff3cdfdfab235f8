import { Cluster, type Redis } from "ioredis";
import { becomesTrue } from "../deadlines.ts";
import { producerConnection, type RedisAddress, type RedisClient } from "../queues/redis-connections.ts";
import { codeOf } from "../queues/redis-errors.ts";
import { redisFaults } from "../queues/redis-faults.ts";
import { type CheckGroup, type Finding, ok, problem, problemFrom, warning } from "./finding.ts";

const CONNECT_LIMIT_MS = 3_000;
const SERVERS_PAGE = "docs/operations/servers.md says what becomes of work meanwhile, and what to do.";
/** The share of its memory above which Redis will soon refuse writes. */
const USED_UP = 0.9;

/** A connection that keeps its first error: later ones may only follow from it. */
export type RedisProbe = { readonly redis: RedisClient; firstError(): Error | null; close(): void };

/** Connects in the background. */
export function openRedisProbe(address: RedisAddress): RedisProbe {
  const redis = producerConnection(address, "commonwork-doctor");
  let first: Error | null = null;
  redis.on("error", (error: Error & { lastNodeError?: Error | null }) => {
    first ??= error.lastNodeError ?? error;
  });
  return { redis, firstError: () => first, close: () => redis.disconnect() };
}

export const redisChecks = (probe: RedisProbe, prefix: string): CheckGroup[] => [
  [{ name: "Redis", isGate: true, look: () => lookAtRedis(probe) }],
  [
    { name: "Redis: version, eviction, writes", look: () => lookAtFitness(probe.redis, prefix) },
    { name: "Redis: persistence", look: () => lookAtPersistence(probe.redis) },
    { name: "Redis: memory", look: () => lookAtMemory(probe.redis) },
  ],
];

async function lookAtRedis({ redis, firstError }: RedisProbe): Promise<Finding> {
  if (await becomesTrue(CONNECT_LIMIT_MS, () => redis.status === "ready")) return ok("answers");
  const error = firstError() as (Error & { code?: string }) | null;
  const code = error?.code ?? (error && codeOf(error)) ?? "";
  if (/^(NOAUTH|WRONGPASS|NOPERM)$/.test(code))
    return problem(
      `Redis rejects the login (${code}).`,
      "Check the user and password in REDIS_URL. Work waits in Postgres until then.",
    );
  return problem(
    `Redis does not answer${code ? ` (${code})` : ""}.`,
    "Check REDIS_URL and the server. Work is accepted and waits in Postgres until then.",
  );
}

const primaryOf = (redis: RedisClient): Redis =>
  redis instanceof Cluster ? (redis.nodes("master")[0] as Redis) : redis;

async function lookAtFitness(redis: RedisClient, prefix: string): Promise<Finding | Finding[]> {
  const faults = await redisFaults(redis, prefix);
  if (faults.length > 0) return faults.map(({ message }) => problemFrom(message, SERVERS_PAGE));
  const server = await factsOf(redis, "server");
  return ok(`Redis ${server.get("redis_version")}, noeviction, accepts writes`);
}

async function lookAtPersistence(redis: RedisClient): Promise<Finding | Finding[]> {
  const facts = await factsOf(redis, "persistence");
  const failed = [
    ["aof_last_write_status", "write its append-only file"],
    ["aof_last_bgrewrite_status", "rewrite its append-only file"],
    ["rdb_last_bgsave_status", "save its snapshot"],
  ].filter(([fact = ""]) => facts.get(fact) === "err");
  if (failed.length > 0)
    return failed.map(([, what]) =>
      problem(
        `Redis failed to ${what}.`,
        "Check its disk and the rights on its folder; its log has the reason.",
      ),
    );
  return ok(
    facts.get("aof_enabled") === "1"
      ? "append-only file"
      : "no append-only file: after a restart, work is carried again from Postgres",
  );
}

async function lookAtMemory(redis: RedisClient): Promise<Finding> {
  const facts = await factsOf(redis, "memory");
  const [used, max] = [Number(facts.get("used_memory")), Number(facts.get("maxmemory"))];
  const inMiB = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
  if (max > 0 && used > max * USED_UP)
    return warning(
      `Redis uses ${inMiB(used)} of ${inMiB(max)}.`,
      "Raise maxmemory, or look for what else is stored there: a full Redis refuses writes.",
    );
  return ok(max > 0 ? `${inMiB(used)} of ${inMiB(max)} used` : `${inMiB(used)} used, without a limit`);
}

/** The fields of a section of INFO. */
async function factsOf(redis: RedisClient, section: string): Promise<Map<string, string>> {
  const info = await primaryOf(redis).info(section);
  return new Map([...info.matchAll(/^(\w+):([^\r\n]*)/gm)].map(([, name = "", value = ""]) => [name, value]));
}
