import { defineArea } from "./area.ts";
import { hostPorts, optional, textMatching, url } from "./fields.ts";

export const redis = defineArea({
  title: "Redis",
  variables: {
    REDIS_URL: url("redis", "rediss")
      .meta({ example: "redis://localhost:6379" })
      .describe(
        "Redis, as `redis://user:password@host:6379/0`, or `rediss://` for TLS. With Sentinel, the host is the name of the primary; with a Redis Cluster, any of its nodes.",
      ),
    REDIS_SENTINELS: hostPorts.describe(
      "Redis Sentinel: addresses of the sentinels, as `host:26379,host:26379,host:26379`. They are asked for the address of the primary.",
    ),
    REDIS_SENTINEL_USERNAME: optional.describe(
      "User name at the sentinels, if they have users of their own.",
    ),
    REDIS_SENTINEL_PASSWORD: optional.describe(
      "Password at the sentinels. The one in `REDIS_URL` is for Redis itself.",
    ),
    REDIS_CLUSTER_NODES: hostPorts.describe(
      "Redis Cluster: addresses of some of its nodes, as `host:6379,host:6379`. The other nodes are found by asking these.",
    ),
    REDIS_PREFIX: textMatching(
      "cw",
      /^[a-z0-9-]{1,40}$/,
      "1 to 40 lower-case letters, digits and hyphens",
    ).describe("Prefix of every key. Deployments that share one Redis need different ones."),
  },
  read: (v) => ({
    redisUrl: v.REDIS_URL ?? "",
    redisSentinels: v.REDIS_SENTINELS,
    redisSentinelUsername: v.REDIS_SENTINEL_USERNAME,
    redisSentinelPassword: v.REDIS_SENTINEL_PASSWORD,
    redisClusterNodes: v.REDIS_CLUSTER_NODES,
    redisPrefix: v.REDIS_PREFIX,
  }),
  faults(written) {
    const { REDIS_URL, REDIS_SENTINELS, REDIS_CLUSTER_NODES } = written;
    if (!REDIS_URL) return ["REDIS_URL is not set (redis://host:6379)"];
    const found = urlFaults(REDIS_URL, REDIS_CLUSTER_NODES !== undefined);
    if (REDIS_SENTINELS && REDIS_CLUSTER_NODES)
      found.push("REDIS_SENTINELS and REDIS_CLUSTER_NODES exclude each other");
    for (const name of ["REDIS_SENTINEL_USERNAME", "REDIS_SENTINEL_PASSWORD"] as const)
      if (written[name] && !REDIS_SENTINELS) found.push(`${name} is set, but REDIS_SENTINELS is not`);
    return found;
  },
});

function urlFaults(redisUrl: string, cluster: boolean): string[] {
  // A value that is not a URL at all is reported by its variable.
  if (!URL.canParse(redisUrl)) return [];
  const { pathname, searchParams } = new URL(redisUrl);
  const found: string[] = [];
  if (!/^\/?\d*$/.test(pathname)) found.push("REDIS_URL must end with the host, or with /0 for database 0");
  else if (cluster && Number(pathname.slice(1)) > 0)
    found.push("REDIS_URL must not name a database: a Redis Cluster has only database 0");
  for (const [name, value] of searchParams)
    if (name !== "family" || !/^[046]$/.test(value))
      found.push(`REDIS_URL has an unknown option, ${name}: only family=0, 4 or 6 is known`);
  return found;
}
