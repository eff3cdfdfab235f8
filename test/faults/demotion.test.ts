import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { QUEUE_NAMES, type QueueName } from "../../src/config/queues.ts";
import { enqueue } from "../../src/queues/enqueue.ts";
import { defineJob, type Job } from "../../src/queues/job.ts";
import { done } from "../../src/queues/outcome.ts";
import { createScheduler } from "../../src/roles/scheduler.ts";
import { serve } from "../http/support.ts";
import { eventually } from "../support/eventually.ts";
import { gate } from "../support/gate.ts";
import { itemPayload, note, noted, singleJob } from "../support/jobs.ts";
import { outsideServer, sendJob } from "../support/outside.ts";
import { type OwnRedis, ownRedis } from "../support/own-redis.ts";
import { tcpProxy } from "../support/tcp-proxy.ts";
import { createWorld } from "../support/world.ts";

// Redis is demoted while every queue has a call under way, carriers that wait, and ranges.

const RANGES = 3;

const countJob = (queue: QueueName) =>
  defineJob({
    name: `count-${queue}`,
    queue,
    description: "Counts ranges.",
    payload: itemPayload,
    key: ({ item }) => item,
    range: z.object({ number: z.number() }),
    cut: async () => Array.from({ length: RANGES }, (_, number) => ({ number })),
    run: async () => done({ ranges: 1 }),
    sum: async ({ item }, counts, { tx }) => {
      await note(tx, `${item}: ${counts["ranges"]} ranges`);
      return done(counts);
    },
  });

/** A job of each kind for each queue; the calls are answered once `answer` is opened. */
async function jobsOfQueues() {
  const answer = gate();
  const outside = await outsideServer(async (_body, response) => {
    await answer.passed;
    response.end("ok");
  });
  onTestFinished(() => outside.close());
  const ofQueues = QUEUE_NAMES.map((queue) => ({
    queue,
    single: singleJob(undefined, { name: `note-${queue}`, queue }),
    call: { ...sendJob(() => outside.url, { timeLimitMs: 120_000 }), name: `send-${queue}`, queue },
    ranged: countJob(queue),
  }));
  const jobs = ofQueues.flatMap(({ single, call, ranged }) => [single, call, ranged] as Job[]);
  return { answer, outside, ofQueues, jobs };
}

const isSynced = async (replica: OwnRedis): Promise<void> =>
  eventually(async () =>
    expect(await replica.command("info", "replication")).toContain("master_link_status:up"),
  );

/** How the new primary is prepared, and what it has when the old one is demoted. */
const FAILOVERS = {
  "to a replica that has its data": {
    prepare: async (primary: OwnRedis, other: OwnRedis) => {
      await other.command("replicaof", "127.0.0.1", primary.port);
      await isSynced(other);
    },
    promote: async (other: OwnRedis) => void (await other.command("replicaof", "no", "one")),
  },
  "to a server without its data": { prepare: async () => undefined, promote: async () => undefined },
};

it.each(Object.entries(FAILOVERS))(
  "a failover of Redis %s, by demotion: the work of every queue proceeds, once",
  async (_name, { prepare, promote }) => {
    const [primary, other] = [await ownRedis(), await ownRedis()];
    await prepare(primary, other);
    const proxy = await tcpProxy(primary.port);
    const { answer, outside, ofQueues, jobs } = await jobsOfQueues();
    const world = await createWorld({ jobs, redisUrl: proxy.through(primary.url) });
    const scheduler = createScheduler(world);
    scheduler.start();
    world.closing(() => scheduler.stop());
    await world.startWorkers();
    const address = await serve(world);
    const expected: string[] = [];
    const enqueueItem = async (job: unknown, item: string, record = item) => {
      expected.push(record);
      await world.relay.transact((tx) => enqueue(tx, job as Job, { item }));
    };
    for (const { queue, call } of ofQueues) await enqueueItem(call, `${queue} call`, `${queue} call: ok`);
    await eventually(() => expect(outside.bodies).toHaveLength(QUEUE_NAMES.length));

    const enqueueAll = async (when: string) => {
      for (const { queue, single, ranged } of ofQueues) {
        for (let n = 0; n < 2; n++) await enqueueItem(single, `${queue} ${when} ${n}`);
        await enqueueItem(ranged, `${queue} ${when}`, `${queue} ${when}: ${RANGES} ranges`);
      }
    };
    await enqueueAll("before");
    await promote(other);
    await primary.command("replicaof", "127.0.0.1", other.port);
    await enqueueAll("while demoted");
    await eventually(async () => {
      const ready = await fetch(`${address}/health/ready`);
      expect([ready.status, await ready.text()]).toEqual([503, expect.stringMatching(/read-only/)]);
    });
    await enqueueAll("while it is known");
    proxy.lead(other.port);
    await eventually(async () => expect((await fetch(`${address}/health/ready`)).status).toBe(200));
    await enqueueAll("afterwards");
    answer.open();

    await eventually(async () => {
      expect((await noted(world)).toSorted()).toEqual(expected.toSorted());
      expect(await world.enqueued()).toEqual([]);
    });
    expect(outside.bodies).toHaveLength(QUEUE_NAMES.length);
    const runs = await world.query("select 1 from job_runs where status not in ('done', 'skipped')");
    expect(runs).toEqual([]);
  },
);
