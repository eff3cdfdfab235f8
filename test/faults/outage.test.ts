import { expect, it, onTestFinished } from "vitest";
import { enqueue } from "../../src/queues/enqueue.ts";
import type { Job } from "../../src/queues/job.ts";
import { createScheduler } from "../../src/roles/scheduler.ts";
import { callWebhook, saleBody, serve } from "../http/support.ts";
import { eventually } from "../support/eventually.ts";
import { chain, organization } from "../support/factories.ts";
import { gate } from "../support/gate.ts";
import { noted, singleJob } from "../support/jobs.ts";
import { outsideServer, sendJob } from "../support/outside.ts";
import { ownPostgres } from "../support/own-postgres.ts";
import { ownRedis } from "../support/own-redis.ts";
import { createWorld } from "../support/world.ts";

it("Postgres and Redis killed at once, with a call under way and work waiting: all of it is done once, and no attempt is used", async () => {
  const [postgres, redis] = [await ownPostgres(), await ownRedis()];
  const answer = gate();
  const outside = await outsideServer(async (_body, response) => {
    await answer.passed;
    response.end("ok");
  });
  onTestFinished(() => outside.close());
  const call = sendJob(() => outside.url, { timeLimitMs: 120_000 });
  const single = singleJob();
  const world = await createWorld({
    jobs: [call as Job, single],
    databaseUrl: () => postgres.url,
    redisUrl: redis.url,
  });
  const [, buyer] = await chain(world, await organization(world), 2);
  const scheduler = createScheduler(world);
  scheduler.start();
  world.closing(() => scheduler.stop());
  await world.startWorkers();
  const address = await serve(world);
  const enqueueItem = (job: unknown, item: string, delayMs = 0) =>
    world.relay.transact((tx) => enqueue(tx, job as Job, { item }, { delayMs }));
  await enqueueItem(call, "call");
  await eventually(() => expect(outside.bodies).toHaveLength(1));
  await enqueueItem(single, "later", 2_000);

  await Promise.all([postgres.kill(), redis.kill()]);
  const body = saleBody({ user_id: buyer!.userId });
  const refused = await callWebhook(address, body);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
  // The processes of Postgres may take a moment to notice.
  await Promise.all([eventually(() => postgres.start()), redis.start()]);
  answer.open();
  await eventually(async () => expect([200, 202]).toContain((await callWebhook(address, body)).status));
  await eventually(() => enqueueItem(single, "afterwards"));

  await eventually(async () => {
    expect((await noted(world)).toSorted()).toEqual(["afterwards", "call: ok", "later"]);
    expect(await world.query("select 1 from ledger_transactions where kind = 'commission'")).toHaveLength(1);
    expect(
      await world.query("select attempts from outbox where attempts > 0 or dead_at is not null"),
    ).toEqual([]);
    expect(await world.enqueued()).toEqual([]);
  });
  // It may have been repeated, with the same bytes.
  expect(new Set(outside.bodies).size).toBe(1);
  await eventually(async () => expect((await fetch(`${address}/health/ready`)).status).toBe(200));
});
