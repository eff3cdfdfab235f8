import type { Redis } from "ioredis";

const OLDEST_REDIS = [6, 2] as const;

/**
 * Why a Redis cannot carry work. `permanent`: only an operator can change it, so that a process does not
 * start with it.
 */
export type RedisFault = { readonly permanent: boolean; readonly message: string };

/**
 * Asks a Redis whether it can do what is needed of it, not merely whether it answers: it has a known version,
 * evicts no keys, is not a node of a cluster, and accepts writes.
 *
 * @returns every fault; none means that it is fit.
 * @throws what the connection throws when Redis does not answer.
 */
export async function redisFaults(redis: Redis, prefix: string): Promise<RedisFault[]> {
  const [settings, writes] = await Promise.all([settingFaults(redis), writeFault(redis, prefix)]);
  return [...settings, ...writes];
}

const permanent = (message: string): RedisFault => ({ permanent: true, message });

async function settingFaults(redis: Redis): Promise<RedisFault[]> {
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
  if (/cluster_enabled:1/.test(info))
    faults.push(permanent("REDIS_URL leads to a node of a Redis Cluster, which is not supported."));
  return faults;
}

const PROBE_LIFETIME_MS = 10_000;

/** Writing is what a demoted, read-only or full Redis refuses. */
async function writeFault(redis: Redis, prefix: string): Promise<RedisFault[]> {
  try {
    await redis.set(`${prefix}:write-probe`, "", "PX", PROBE_LIFETIME_MS);
    return [];
  } catch (error) {
    const message = WRITE_REFUSALS[codeOf(error)];
    if (message === undefined) throw error;
    return [{ permanent: false, message }];
  }
}

/** The first word of a reply, which tells errors of Redis apart. */
export const codeOf = (error: unknown): string =>
  error instanceof Error ? (/^[A-Z]{3,}/.exec(error.message)?.[0] ?? "") : "";

const WRITE_REFUSALS: Readonly<Record<string, string>> = {
  READONLY: "Redis is read-only: REDIS_URL leads to a replica (READONLY).",
  OOM: "Redis is full: raise maxmemory or free memory (OOM).",
  MISCONF: "Redis cannot save its data and refuses writes: check its disk (MISCONF).",
  LOADING: "Redis is loading its data (LOADING).",
  MASTERDOWN: "Redis has lost its primary (MASTERDOWN).",
  NOREPLICAS: "Redis has too few replicas to accept writes (NOREPLICAS).",
  NOPERM: "Redis refuses writes to this user: grant +@all on the keys of REDIS_PREFIX (NOPERM).",
  CLUSTERDOWN: "The Redis Cluster is down (CLUSTERDOWN).",
  MOVED: "REDIS_URL leads to a node of a Redis Cluster, which is not supported (MOVED).",
};
