import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { onTestFinished } from "vitest";
import { startEmbeddedRedis } from "../../src/dev/servers/embedded-redis.ts";

/** A Redis for one test, which can wipe, stop and restart it on the same port. */
export type OwnRedis = {
  readonly url: string;
  stop(): Promise<void>;
  start(): Promise<void>;
  flushAll(): Promise<void>;
};

const cacheFolder = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "commonwork");

/** Start it before the world that uses it, so that it is stopped after that world. */
export async function ownRedis(): Promise<OwnRedis> {
  const folder = await mkdtemp(join(tmpdir(), "commonwork-own-redis-"));
  let server = await startEmbeddedRedis({ folder, durable: false, cacheFolder });
  const { url } = server;
  const port = Number(new URL(url).port);
  onTestFinished(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });
  return {
    url,
    stop: () => server.stop(),
    async start() {
      server = await startEmbeddedRedis({ folder, durable: false, cacheFolder, port });
    },
    async flushAll() {
      const client = new Redis(url);
      await client.flushall();
      client.disconnect();
    },
  };
}
