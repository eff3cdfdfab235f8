import { execFile } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { enqueue } from "../../src/queues/enqueue.ts";
import { checkServers } from "../../src/roles/boot-checks.ts";
import { createScheduler } from "../../src/roles/scheduler.ts";
import { every } from "../../src/schedules/schedule.ts";
import { browser, PASSWORDS } from "../http/admin/browser.ts";
import { serve } from "../http/support.ts";
import { cli, environmentOf, startCli } from "../support/cli.ts";
import { eventually } from "../support/eventually.ts";
import { noted, singleJob } from "../support/jobs.ts";
import { ownRedis } from "../support/own-redis.ts";
import { onlyNode, redisCluster } from "../support/redis-cluster.ts";
import { redisSentinel } from "../support/redis-sentinel.ts";
import { startServiceProcess } from "../support/service-process.ts";
import { createWorld, serversOf } from "../support/world.ts";

type QueueCounts = { queue: string; redis: Record<string, number> | null };

/** Everything that talks to Redis: workers, schedules, dashboard, metrics, rate limits, health, CLI. */
async function expectServiceWorks(environment: Record<string, string>): Promise<void> {
  const job = singleJob();
  const world = await createWorld({
    environment: { ...PASSWORDS, ...environment },
    jobs: [job],
    timetable: [every("* * * * *", job, { input: { item: "scheduled" } })],
  });
  await eventually(() => expect(world.producers.ready()).toBe(true));
  await checkServers(world);
  const scheduler = createScheduler(world);
  scheduler.start();
  world.closing(() => scheduler.stop());
  await world.startWorkers();
  const address = await serve(world);
  await inTransaction(world.db, (tx) => enqueue(tx, job, { item: "enqueued" }));
  await eventually(async () => expect(await noted(world)).toEqual(["enqueued"]));
  await eventually(async () =>
    expect(await world.producers.queue("maintenance").getJobSchedulersCount()).toBe(1),
  );

  const ready = await fetch(`${address}/health/ready`);
  expect([ready.status, await ready.json()]).toMatchObject([200, { checks: { redis: "ok" } }]);
  const metrics = await (await fetch(`${address}/metrics`)).text();
  expect(metrics).toMatch(/commonwork_queue_carriers\{queue="maintenance",state="completed"\} [1-9]/);
  const operator = await browser(address, "admin");
  for (const path of ["queues", "job-schedulers"])
    expect((await operator.send("GET", `/admin/queues/api/${path}`)).status, path).toBe(200);
  const counted = await cli({ ...environmentOf(world), NODE_ENV: "development" }, "queues", "--json");
  for (const { queue, redis } of JSON.parse(counted.out) as QueueCounts[])
    expect(redis, queue).not.toBeNull();
  const cleared = await cli({ ...environmentOf(world), NODE_ENV: "development" }, "queues", "clear", "--yes");
  expect(cleared, cleared.err).toMatchObject({ code: 0 });
}

describe("the service works with", () => {
  it("Redis Sentinel", async () => {
    const redis = await redisSentinel();
    await expectServiceWorks(redis.environment);
  });

  it("a Redis Cluster", async () => {
    const redis = await redisCluster();
    await expectServiceWorks(redis.environment);
  });
});

it("a node of a Redis Cluster behind a plain client is refused at the start, with what to set", async () => {
  const { url } = await onlyNode();
  const world = await createWorld({ redisUrl: url });
  await expect(checkServers(world)).rejects.toThrow("Set REDIS_CLUSTER_NODES");
});

it("a Redis that is no Cluster behind a Cluster client: the log says what it answers", async () => {
  const redis = await ownRedis();
  const world = await createWorld();
  const service = await startServiceProcess({
    ...serversOf(world),
    REDIS_URL: redis.url,
    REDIS_CLUSTER_NODES: new URL(redis.url).host,
    ROLES: "worker",
  });
  world.closing(() => service.kill());
  await eventually(() => expect(service.lines().join("\n")).toContain("cluster support disabled"));
});

describe("rediss:// connects over TLS", () => {
  it("with a certificate that Node trusts, and not otherwise", async () => {
    const { certificate, url } = await tlsRedis();
    const world = await createWorld();
    const environment = { ...environmentOf(world), REDIS_URL: url };
    const [trusting, other] = await Promise.all(
      [{ NODE_EXTRA_CA_CERTS: certificate }, {}].map(
        (trust) => startCli({ ...environment, ...trust }, "queues", "--json").ended,
      ),
    );
    const answered = (out = "") => (JSON.parse(out) as QueueCounts[]).map(({ redis }) => redis !== null);
    expect(new Set(answered(trusting?.out))).toEqual(new Set([true]));
    expect(new Set(answered(other?.out))).toEqual(new Set([false]));
  });
});

/** A Redis that speaks TLS, with a certificate of its own. */
async function tlsRedis(): Promise<{ certificate: string; url: string }> {
  const folder = await mkdtemp(join(tmpdir(), "commonwork-tls-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...names];
  await promisify(execFile)("openssl", [...request, "-keyout", key, "-out", certificate]);
  const port = randomInt(14_000, 22_000);
  const files = ["--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", certificate];
  await ownRedis({ settings: ["--tls-port", String(port), "--tls-auth-clients", "no", ...files] });
  return { certificate, url: `rediss://127.0.0.1:${port}` };
}
