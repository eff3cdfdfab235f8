import { createHmac } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import { expect, test } from "vitest";
import { openDatabase } from "../../src/db/client.ts";
import { startHttp } from "../../src/http/server.ts";
import { eventually } from "../support/eventually.ts";
import { createWorld, SALE_SECRET } from "../support/world.ts";
import { callWebhook, saleBody, serve } from "./support.ts";

const get = async (url: string) => {
  const response = await fetch(url);
  return { status: response.status, headers: response.headers, body: await response.text() };
};

test("an unknown path is 404 in JSON, without a header that names the server", async () => {
  const world = await createWorld();
  const address = await serve(world);
  const answer = await get(`${address}/nothing/here?x=1`);
  expect(answer.status).toBe(404);
  expect(JSON.parse(answer.body)).toEqual({
    error: { code: "not-found", message: "Not found." },
  });
  expect(answer.headers.get("x-powered-by")).toBeNull();
});

test("an unexpected error reveals nothing in the response and is logged with its cause and route", async () => {
  const world = await createWorld();
  const lines: unknown[] = [];
  const log = Object.assign(Object.create(world.log), { error: (fields: unknown) => lines.push(fields) });
  const db = { ...world.db, pool: { connect: () => Promise.reject(new Error("password is hunter2")) } };
  const address = await serve(world, { log, db: db as never });
  const answer = await callWebhook(address, saleBody());
  expect(answer).toMatchObject({ status: 500, body: { error: { code: "internal" } } });
  expect(JSON.stringify(answer.body)).not.toContain("hunter2");
  expect(lines).toMatchObject([
    {
      err: { message: "password is hunter2" },
      routes: ["/volunteer_scheduler/webhooks/scicent_sale", "/webhooks/scicent_sale"],
    },
  ]);
});

test("health: live reports the roles, ready reports each check", async () => {
  const world = await createWorld();
  await eventually(() => expect(world.producers.ready()).toBe(true));
  let alive = true;
  const address = await serve(world, {}, { isAlive: () => alive });
  expect((await get(`${address}/health/live`)).status).toBe(200);
  alive = false;
  expect((await get(`${address}/health/live`)).status).toBe(503);
  const ready = await get(`${address}/health/ready`);
  expect([ready.status, JSON.parse(ready.body)]).toEqual([
    200,
    { status: "ready", checks: { postgres: "ok", redis: "ok", migrations: "ok" } },
  ]);
});

test("health: not ready without Redis, without Postgres, or with pending migrations", async () => {
  const world = await createWorld({ redisUrl: "redis://127.0.0.1:1" });
  const checks = async (address: string) => {
    const answer = await get(`${address}/health/ready`);
    expect(answer.status).toBe(503);
    return JSON.parse(answer.body).checks;
  };
  expect(await checks(await serve(world))).toEqual({
    postgres: "ok",
    redis: "unreachable",
    migrations: "ok",
  });
  const db = openDatabase({ ...world.config, databaseUrl: "postgres://nobody@127.0.0.1:1/nothing" });
  world.closing(() => db.close());
  expect(await checks(await serve(world, { db }))).toMatchObject({
    postgres: "unreachable",
    migrations: "unknown",
  });
  await world.query("delete from migrations");
  expect(await checks(await serve(world))).toMatchObject({ postgres: "ok", migrations: "behind" });
});

test("metrics: gauges from Postgres and Redis, and the rest while one is down", async () => {
  const world = await createWorld();
  await eventually(() => expect(world.producers.ready()).toBe(true));
  const address = await serve(world, {}, { metricsCacheMs: 0 });
  await callWebhook(address, saleBody());
  await world.producers.queue("recommendations").add("kept", { entries: ["1"] }, { priority: 1 });
  await world.query(
    "insert into outbox (queue, job, key, payload, dead_at) values ('multipliers', 'some-job', 'k', '{}', now())",
  );
  await world.query(
    "insert into outbox (queue, job, key, payload, postponed_at) values ('multipliers', 'newer-job', 'k', '{}', now())",
  );
  await world.query(
    "insert into schedules (name, through, paused_at) values ('verify-ledger', now(), now() - interval '1 hour')",
  );
  const { body, headers } = await get(`${address}/metrics`);
  expect(body).toMatch(/^commonwork_outbox_postponed_entries\{job="newer-job"\} 1$/m);
  expect(body).toMatch(/^commonwork_schedule_paused_seconds\{schedule="verify-ledger"\} 36\d\d/m);
  expect(headers.get("content-type")).toMatch(/^text\/plain.*version=0.0.4/);
  expect(body).toMatch(/^commonwork_outbox_entries\{queue="commissions",state="due"\} 1$/m);
  expect(body).toMatch(/^commonwork_outbox_entries\{queue="multipliers",state="dead"\} 1$/m);
  expect(body).toMatch(/^commonwork_outbox_oldest_seconds\{queue="commissions"\} [\d.]+$/m);
  expect(body.match(/^commonwork_queue_carriers\{.*/gm)).toEqual([
    'commonwork_queue_carriers{queue="recommendations",state="prioritized"} 1',
  ]);
  expect(body).toMatch(/^commonwork_webhook_deliveries_total\{source="scicent",status="accepted"\} 1$/m);
  expect(body).toMatch(/^commonwork_reachable\{part="postgres"\} 1$/m);
  expect(body).not.toMatch(/^commonwork_ledger_drift /m);
  await world.query(
    `insert into ledger_verifications (as_of, scope, covers, drift) values
     (now() - interval '9 days', 'all', '{}', 0), (now() - interval '2 days', 'new', '{}', 0), (now(), 'new', '{}', 2)`,
  );
  const verified = (await get(`${address}/metrics`)).body;
  expect(verified).toMatch(/^commonwork_ledger_drift 2$/m);
  expect(verified).toMatch(/^commonwork_ledger_verified_age_seconds\{scope="new"\} 1728\d\d/m);
  expect(verified).toMatch(/^commonwork_ledger_verified_age_seconds\{scope="all"\} 7776\d\d/m);

  const db = openDatabase({ ...world.config, databaseUrl: "postgres://nobody@127.0.0.1:1/nothing" });
  world.closing(() => db.close());
  const partial = (await get(`${await serve(world, { db })}/metrics`)).body;
  expect(partial).toMatch(/^commonwork_reachable\{part="postgres"\} 0$/m);
  expect(partial).not.toMatch(/^commonwork_outbox_entries\{/m);
  expect(partial).not.toMatch(/^commonwork_ledger_drift /m);
  expect(partial).toMatch(/^commonwork_queue_carriers\{queue="recommendations",state="prioritized"\} 1$/m);
});

test("stopping finishes open requests, accepts no new ones, and closes idle connections", async () => {
  const world = await createWorld();
  const server = await startHttp(world);
  const agent = new http.Agent({ keepAlive: true });
  world.closing(async () => agent.destroy());
  const health = () =>
    new Promise<number | undefined>((resolve, reject) => {
      http
        .get({ port: server.port, host: "127.0.0.1", path: "/health/live", agent }, (res) => {
          res.resume().on("end", () => resolve(res.statusCode));
        })
        .on("error", reject);
    });
  expect(await health()).toBe(200);
  // A webhook call whose body is still being sent.
  const body = saleBody();
  const signature = `sha256=${createHmac("sha256", SALE_SECRET).update(body).digest("hex")}`;
  const headers = {
    "Content-Type": "application/json",
    "Content-Length": body.length,
    "X-Scicent-Signature": signature,
    Expect: "100-continue",
  };
  const slow = http.request({
    port: server.port,
    host: "127.0.0.1",
    method: "POST",
    path: "/webhooks/scicent_sale",
    headers,
  });
  const answered = new Promise<http.IncomingMessage>((resolve, reject) =>
    slow.on("response", resolve).on("error", reject),
  );
  slow.flushHeaders();
  // The server has the request once it asks for the body.
  await once(slow, "continue");
  slow.write(body.slice(0, 10));
  let stopped = false;
  const stopping = server.stop().then(() => {
    stopped = true;
  });
  await expect(health()).rejects.toThrow(/ECONNREFUSED|ECONNRESET|socket hang up/);
  expect(stopped).toBe(false);
  slow.end(body.slice(10));
  const answer = await answered;
  answer.resume();
  expect(answer.statusCode).toBe(202);
  await stopping;
});

test("stopping aborts a request that does not end in time", async () => {
  const world = await createWorld();
  const server = await startHttp(world, { stopWithinMs: 200 });
  const hung = http.request({
    port: server.port,
    host: "127.0.0.1",
    method: "POST",
    path: "/webhooks/scicent_sale",
  });
  const broken = new Promise((resolve) => hung.on("error", resolve));
  hung.setHeader("Content-Length", "10");
  hung.setHeader("X-Scicent-Signature", `sha256=${"0".repeat(64)}`);
  hung.setHeader("Expect", "100-continue");
  hung.flushHeaders();
  await once(hung, "continue");
  await server.stop();
  await broken;
});

test("starting on a port in use rejects", async () => {
  const world = await createWorld();
  const server = await startHttp(world);
  world.closing(() => server.stop());
  const again = startHttp({ ...world, config: { ...world.config, port: server.port } });
  await expect(again).rejects.toMatchObject({ code: "EADDRINUSE" });
});

test("a stuck Postgres is answered with 503, and the log holds the pattern of the route, not the token in its path", async () => {
  const world = await createWorld();
  const lines: unknown[] = [];
  const log = Object.assign(Object.create(world.log), { warn: (fields: unknown) => lines.push(fields) });
  const cancelled = () => Promise.reject(Object.assign(new Error("canceling statement"), { code: "57014" }));
  const db = { ...world.db, drizzle: { execute: cancelled }, pool: { connect: cancelled } };
  const address = await serve(world, { log, db: db as never });
  const token = "a".repeat(43);
  const answer = await fetch(`${address}/unsubscribe/${token}`);
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
  expect(lines).toMatchObject([{ method: "GET", routes: ["/unsubscribe/:token"] }]);
  expect(JSON.stringify(lines)).not.toContain(token);
});
