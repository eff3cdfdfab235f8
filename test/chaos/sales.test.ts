import { describe, it } from "vitest";
import { ownRedis } from "../support/own-redis.ts";
import { redisCluster } from "../support/redis-cluster.ts";
import { redisSentinel } from "../support/redis-sentinel.ts";
import { saleScene, sendThroughFaults } from "../support/sale-calls.ts";
import { size } from "../support/sizes.ts";
import { startTwoWorkers } from "../support/two-workers.ts";
import type { World } from "../support/world.ts";

const CALLS = size(100, 10_000);
/** Workers of other queues would have nothing to do, and keep connections all the same. */
const FOR_SALES = { WORKER_QUEUES: "commissions" };
/** For hangs: the long form takes its time. */
const LIMIT_MS = 300_000 + CALLS * 30;

const terminateBackends = (world: World) =>
  world
    .query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() order by random() limit 3`,
    )
    .catch(() => undefined);

describe("sales under failures are applied once each, and altered ones conflict,", () => {
  it(
    "while workers are killed, Redis is wiped and connections to Postgres are lost",
    async () => {
      const redis = await ownRedis();
      const scene = await saleScene({ redisUrl: redis.url });
      const workers = await startTwoWorkers(scene.world, FOR_SALES);
      await sendThroughFaults(scene, CALLS, [
        ...[0.2, 0.55].map((at) => ({ at, strike: () => redis.flushAll() })),
        ...[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1].map((at) => ({
          at,
          strike: () => terminateBackends(scene.world),
        })),
        { at: 0.35, strike: () => workers.killOne() },
      ]);
    },
    LIMIT_MS,
  );

  it(
    "while the primary under Redis Sentinel is killed, twice, and a worker",
    async () => {
      const redis = await redisSentinel();
      const scene = await saleScene({ environment: redis.environment });
      const workers = await startTwoWorkers(scene.world, FOR_SALES);
      await sendThroughFaults(scene, CALLS, [
        { at: 0.2, strike: () => redis.killPrimary() },
        { at: 0.35, strike: () => workers.killOne() },
        { at: 0.6, strike: () => redis.killPrimary() },
      ]);
    },
    LIMIT_MS,
  );

  it(
    "while masters of a Redis Cluster are killed, that of the sales among them, and a worker",
    async () => {
      const redis = await redisCluster();
      const scene = await saleScene({ environment: redis.environment });
      const workers = await startTwoWorkers(scene.world, FOR_SALES);
      await sendThroughFaults(scene, CALLS, [
        { at: 0.2, strike: () => redis.killMasterOf(scene.world, "commissions") },
        { at: 0.35, strike: () => workers.killOne() },
        { at: 0.6, strike: () => redis.killAnotherMaster() },
      ]);
    },
    LIMIT_MS,
  );
});
