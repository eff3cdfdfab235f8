import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import pg from "pg";
import { readDatabaseConfig } from "../../config/config.ts";
import { startEmbeddedServers } from "../servers/embedded-servers.ts";

/** The servers of the demo: embedded, or those named by DATABASE_URL and REDIS_URL. */
export type DemoServers = {
  readonly databaseUrl: string;
  readonly databaseSchema: string;
  readonly redisUrl: string;
  readonly redisPrefix: string;
  readonly description: string;
  stop(): Promise<void>;
};

/**
 * Starts the servers that DATABASE_URL and REDIS_URL do not name. On an existing Redis the demo uses its own
 * prefix and deletes those keys at the end.
 */
export async function startDemoServers(environment: NodeJS.ProcessEnv): Promise<DemoServers> {
  const given = {
    ...(environment.DATABASE_URL ? { databaseUrl: environment.DATABASE_URL } : {}),
    ...(environment.REDIS_URL ? { redisUrl: environment.REDIS_URL } : {}),
  };
  const servers = await startEmbeddedServers({ name: "demo", durable: true, ...given });
  const { redisUrl } = servers;
  const { databaseUrl, databaseSchema } = readDatabaseConfig({
    ...environment,
    DATABASE_URL: servers.databaseUrl,
  });
  const redisPrefix = given.redisUrl ? `cw-demo-${randomBytes(4).toString("hex")}` : "cw";
  const origin = (url: string | undefined) => (url ? "from the environment" : "embedded");
  return {
    databaseUrl,
    databaseSchema,
    redisUrl,
    redisPrefix,
    description: `Postgres ${await postgresVersion(databaseUrl)} (${origin(given.databaseUrl)}), Redis ${await redisVersion(redisUrl)} (${origin(given.redisUrl)})`,
    async stop() {
      if (given.redisUrl) await removeKeys(redisUrl, redisPrefix).catch(() => undefined);
      await servers.stop();
    },
  };
}

async function postgresVersion(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    const server = await client.query<{ server_version: string }>("show server_version");
    return server.rows[0]?.server_version.split(" ")[0] ?? "?";
  } finally {
    await client.end();
  }
}

async function redisVersion(url: string): Promise<string> {
  return withRedis(url, async (redis) => /redis_version:(\S+)/.exec(await redis.info("server"))?.[1] ?? "?");
}

async function removeKeys(url: string, prefix: string): Promise<void> {
  await withRedis(url, async (redis) => {
    for await (const keys of redis.scanStream({ match: `*${prefix}:*`, count: 1_000 })) {
      if (keys.length > 0) await redis.unlink(...keys);
    }
  });
}

async function withRedis<T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 1, retryStrategy: () => null });
  // A failed connection also rejects the call; without a listener ioredis would print it as well.
  redis.on("error", () => undefined);
  await redis.connect();
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}
