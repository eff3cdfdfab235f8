import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { onTestFinished } from "vitest";
import { type EmbeddedRedisOptions, startEmbeddedRedis } from "../../src/dev/servers/embedded-redis.ts";

/** A Redis for one test, which can wipe, stop, kill and restart it on the same port. */
export type OwnRedis = {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
  /** Ends it with SIGKILL. */
  kill(): Promise<void>;
  start(): Promise<void>;
  flushAll(): Promise<void>;
  /** Sends one command over a connection of its own, also while it loads its data. */
  command(...words: readonly (string | number)[]): Promise<unknown>;
};

export type OwnRedisOptions = Pick<EmbeddedRedisOptions, "port" | "settings" | "sentinelConfig">;

const cacheFolder = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "commonwork");

/** Start it before the world that uses it, so that it is stopped after that world. */
export async function ownRedis(options: OwnRedisOptions = {}): Promise<OwnRedis> {
  const folder = await mkdtemp(join(tmpdir(), "commonwork-own-redis-"));
  const startOn = (port?: number) =>
    startEmbeddedRedis({ ...options, folder, durable: false, cacheFolder, ...(port ? { port } : {}) });
  let server = await startOn(options.port);
  const { url } = server;
  const port = Number(new URL(url).port);
  const command: OwnRedis["command"] = async (name, ...words) => {
    const client = new Redis(url, { enableReadyCheck: false });
    try {
      return await client.call(String(name), ...words);
    } finally {
      client.disconnect();
    }
  };
  onTestFinished(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });
  return {
    url,
    port,
    stop: () => server.stop(),
    async kill() {
      process.kill(server.pid, "SIGKILL");
      await server.stop();
    },
    async start() {
      server = await startOn(port);
    },
    flushAll: async () => void (await command("flushall")),
    command,
  };
}
