import { Cluster, type Redis } from "ioredis";
import { QUEUE_NAMES } from "../config/queues.ts";
import { keyPrefix } from "./queues.ts";
import { OLDEST_REDIS, type RedisClient } from "./redis-connections.ts";
import { codeOf, WRITE_REFUSALS } from "./redis-errors.ts";

/**
 * Why a Redis cannot carry work. `permanent`: only an operator can change it, so that a process does not
 * start with it.
 */
export type RedisFault = { readonly permanent: boolean; readonly message: string };

/**
 * Asks a Redis whether it can do what is needed of it, not merely whether it answers: every primary has a
 * known version, evicts no keys, is not a node of a cluster behind a plain client, and accepts writes.
 *
 * @returns every fault; none means that it is fit.
 * @throws what the connection throws when Redis does not answer.
 */
export async function redisFaults(redis: RedisClient, prefix: string): Promise<RedisFault[]> {
  const primaries = redis instanceof Cluster ? redis.nodes("master") : [redis];
  const found = await Promise.all([
    ...primaries.map((primary) => settingFaults(primary, redis instanceof Cluster)),
    // The keys of a queue are on one node of a Cluster, so that all nodes that carry work are written to.
    ...QUEUE_NAMES.map((queue) => writeFault(redis, `${keyPrefix(prefix, queue)}:write-probe`)),
  ]);
  return [...new Map(found.flat().map((fault) => [fault.message, fault])).values()];
}

const permanent = (message: string): RedisFault => ({ permanent: true, message });

async function settingFaults(redis: Redis, cluster: boolean): Promise<RedisFault[]> {
  const info = await redis.info().catch((error: Error) => error);
  if (info instanceof Error) {
    if (!/^NOPERM/.test(info.message)) throw info;
    return [permanent("Redis refuses INFO to this user. Grant it: ACL SETUSER <user> +info")];
  }
  const faults: RedisFault[] = [];
  const [, major = "0", minor = "0"] = /redis_version:(\d+)\.(\d+)/.exec(info) ?? [];
  if (Number(major) * 100 + Number(minor) < OLDEST_REDIS[0] * 100 + OLDEST_REDIS[1])
    faults.push(permanent(`Redis ${major}.${minor} is too old: use ${OLDEST_REDIS.join(".")} or newer.`));
  const policy = /maxmemory_policy:(\S+)/.exec(info)?.[1];
  if (policy !== undefined && policy !== "noeviction")
    faults.push(
      permanent(
        `Redis evicts keys (maxmemory-policy ${policy}). Set maxmemory-policy noeviction, or work is lost.`,
      ),
    );
  if (!cluster && /cluster_enabled:1/.test(info))
    faults.push(permanent("REDIS_URL leads to a node of a Redis Cluster. Set REDIS_CLUSTER_NODES."));
  return faults;
}

const PROBE_LIFETIME_MS = 10_000;

/** Writing is what a demoted, read-only or full Redis refuses. */
async function writeFault(redis: RedisClient, key: string): Promise<RedisFault[]> {
  try {
    await redis.set(key, "", "PX", PROBE_LIFETIME_MS);
    return [];
  } catch (error) {
    const message = WRITE_REFUSALS[codeOf(error)];
    if (message === undefined) throw error;
    return [{ permanent: false, message }];
  }
}
