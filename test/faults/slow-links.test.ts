import { expect, inject, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { enqueue } from "../../src/queues/enqueue.ts";
import { callWebhook, saleBody, serve } from "../http/support.ts";
import { eventually } from "../support/eventually.ts";
import { chain, organization } from "../support/factories.ts";
import { noted, singleJob } from "../support/jobs.ts";
import { ownRedis } from "../support/own-redis.ts";
import { tcpProxy } from "../support/tcp-proxy.ts";
import { createWorld, type World } from "../support/world.ts";

/** A sale and an entry are done, and the service says that it is ready. */
async function expectWork(world: World, job: ReturnType<typeof singleJob>): Promise<void> {
  const [buyer] = await chain(world, await organization(world), 2);
  await world.startWorkers();
  const address = await serve(world);
  expect((await callWebhook(address, saleBody({ user_id: buyer!.userId }))).status).toBe(202);
  await inTransaction(world.db, (tx) => enqueue(tx, job, { item: "far away" }));
  await eventually(async () => {
    expect(await noted(world)).toEqual(["far away"]);
    expect(await world.query("select status from token_sales")).toEqual([{ status: "applied" }]);
    expect(await world.query("select attempts, error from outbox")).toEqual([]);
  });
  await eventually(async () => expect((await fetch(`${address}/health/ready`)).status).toBe(200));
}

it("a Postgres that is 50 ms away in each direction is as good as one nearby", async () => {
  const proxy = await tcpProxy(Number(new URL(inject("databaseUrl")).port));
  proxy.slow({ latencyMs: 50 });
  const job = singleJob();
  await expectWork(await createWorld({ jobs: [job], databaseUrl: (url) => proxy.through(url) }), job);
});

it("a Redis over a link of 64 kB a second, 50 ms away, is as good as one nearby", async () => {
  const redis = await ownRedis();
  const proxy = await tcpProxy(redis.port);
  proxy.slow({ latencyMs: 50, bytesPerSecond: 64 * 1_024 });
  const job = singleJob();
  await expectWork(await createWorld({ jobs: [job], redisUrl: proxy.through(redis.url) }), job);
});
