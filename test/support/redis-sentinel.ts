import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { eventually } from "./eventually.ts";
import { type OwnRedis, ownRedis } from "./own-redis.ts";

/** A primary with two replicas, and three sentinels that agree on which of them is the primary. */
export type RedisSentinel = {
  /** The variables that lead the service there. */
  readonly environment: Record<string, string>;
  /** Ends the primary with SIGKILL, and waits until the sentinels have promoted a replica. */
  killPrimary(): Promise<void>;
};

const NAME = "sales-primary";
const SENTINELS = 3;
const REPLICAS = 2;
/**
 * A replica may have been without its primary for ten times this, counted from when the sentinels missed it.
 * One that the machine stalled for two seconds looks away for half a minute (TILT): with a second here, no
 * replica could be promoted afterwards.
 */
const DOWN_AFTER_MS = 5_000;

/** Start it before the world that uses it. */
export async function redisSentinel(): Promise<RedisSentinel> {
  const primary = await ownRedis();
  const replicas = await Promise.all(
    Array.from({ length: REPLICAS }, () =>
      ownRedis({ settings: ["--replicaof", "127.0.0.1", String(primary.port)] }),
    ),
  );
  let servers = [primary, ...replicas];
  await eventually(async () =>
    expectInfo(await primary.command("info", "replication"), `connected_slaves:${REPLICAS}`),
  );
  const sentinels = await Promise.all(Array.from({ length: SENTINELS }, () => startSentinel(primary.port)));
  // Each knows the two others and both replicas, so that it can be outvoted and can choose.
  const known = `slaves=${REPLICAS},sentinels=${SENTINELS}`;
  for (const sentinel of sentinels)
    await eventually(async () => expectInfo(await sentinel.command("info", "sentinel"), known));
  return {
    environment: {
      REDIS_URL: `redis://${NAME}`,
      REDIS_SENTINELS: sentinels.map(({ port }) => `127.0.0.1:${port}`).join(","),
    },
    async killPrimary() {
      const port = await primaryPort(sentinels[0] as OwnRedis);
      const server = servers.find((each) => each.port === port);
      if (!server) throw new Error(`the sentinels name an unknown primary at port ${port}`);
      // A replica that has long been without a primary is never promoted: those left follow this one first.
      await eventually(async () =>
        expectInfo(await server.command("info", "replication"), `connected_slaves:${servers.length - 1}`),
      );
      await server.kill();
      servers = servers.filter((each) => each !== server);
      await eventually(async () => {
        if ((await primaryPort(sentinels[0] as OwnRedis)) === port)
          throw new Error("no replica was promoted");
      });
    },
  };
}

async function startSentinel(primaryPort: number): Promise<OwnRedis> {
  const folder = await mkdtemp(join(tmpdir(), "commonwork-sentinel-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const sentinelConfig = join(folder, "sentinel.conf");
  await writeFile(
    sentinelConfig,
    [
      `sentinel monitor ${NAME} 127.0.0.1 ${primaryPort} 2`,
      `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
      `sentinel failover-timeout ${NAME} 10000`,
      "",
    ].join("\n"),
  );
  return ownRedis({ sentinelConfig });
}

async function primaryPort(sentinel: OwnRedis): Promise<number> {
  const [, port] = (await sentinel.command("sentinel", "get-master-addr-by-name", NAME)) as [string, string];
  return Number(port);
}

function expectInfo(info: unknown, part: string): void {
  if (!String(info).includes(part)) throw new Error(`INFO does not say ${part}`);
}
