import { describe, expect, it } from "vitest";
import { QUEUE_NAMES } from "../../src/config/queues.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { startRun } from "../../src/queues/manual-runs.ts";
import { relayOnce } from "../../src/queues/relay-round.ts";
import { verifyLedger } from "../../src/workers/maintenance/verify-ledger.ts";
import { cli, environmentOf, startCli } from "../support/cli.ts";
import { eventually } from "../support/eventually.ts";
import { takeSale } from "../support/sales.ts";
import { createWorld } from "../support/world.ts";

describe("commonwork queues", () => {
  it("counts every entry in exactly one column, and the carriers", async () => {
    const world = await createWorld();
    await eventually(() => expect(world.producers.ready()).toBe(true));
    await takeSale(world, { buyer: { userId: "5" } });
    await relayOnce(world);
    await takeSale(world, { buyer: { userId: "6" } });
    await world.query(
      `insert into outbox (queue, job, key, payload, attempts, run_at, dead_at) values
         ('commissions', 'x', 'retrying', '{}', 1, now() + interval '1 hour', null),
         ('commissions', 'x', 'later', '{}', 0, now() + interval '1 hour', null),
         ('commissions', 'x', 'dead', '{}', 8, now(), now())`,
    );
    const answer = await cli(environmentOf(world), "queues", "--json");
    const [commissions, ...others] = JSON.parse(answer.out);
    expect(commissions).toEqual({
      queue: "commissions",
      weight: 10,
      outbox: { due: 1, carried: 1, retrying: 1, later: 1, dead: 1 },
      redis: { waiting: 1, active: 0, delayed: 0, failed: 0 },
    });
    expect(others).toHaveLength(QUEUE_NAMES.length - 1);
    expect((await cli(environmentOf(world), "queues")).out).toMatch(
      /^commissions +10 +1 +1 +1 +1 +1 +1 +0 +0 +0$/m,
    );
  });

  it("shows the entries of Postgres while Redis is down", async () => {
    const world = await createWorld();
    const answer = await cli({ ...environmentOf(world), REDIS_URL: "redis://127.0.0.1:1" }, "queues");
    expect(answer).toMatchObject({ code: 0, err: expect.stringContaining("Redis does not answer.") });
    expect(answer.out).toMatch(/^commissions +10 +0 .* - +- +- +-$/m);
  });
});

it("a command gives up on a Redis that is away, and says so in one line", async () => {
  const world = await createWorld();
  const environment = { ...environmentOf(world), LOG_LEVEL: "info", REDIS_URL: "redis://127.0.0.1:1" };
  const answer = await startCli(environment, "queues").ended;
  expect([answer.code, answer.err]).toEqual([0, "Redis does not answer.\n"]);
});

describe("commonwork queues clear", () => {
  it("needs NODE_ENV=development, and a confirmation or --yes", async () => {
    const world = await createWorld();
    await takeSale(world, { buyer: { userId: "5" } });
    const production = await cli(environmentOf(world), "queues", "clear", "--yes");
    expect(production).toMatchObject({ code: 1, err: expect.stringContaining("NODE_ENV=development") });
    const unasked = await cli({ ...environmentOf(world), NODE_ENV: "development" }, "queues", "clear");
    expect(unasked).toMatchObject({ code: 1, err: expect.stringContaining("--yes") });
    const unknown = await cli(environmentOf(world), "queues", "clear", "commision", "--yes");
    expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining("There is no queue commision") });
    expect(await world.enqueued()).toHaveLength(1);
  });

  it("deletes entries and carriers and cancels their runs, so that no schedule stays blocked", async () => {
    const world = await createWorld();
    await eventually(() => expect(world.producers.ready()).toBe(true));
    const run = await inTransaction(world.db, (tx) => startRun(tx, verifyLedger, {}));
    await relayOnce(world);
    const answer = await cli(
      { ...environmentOf(world), NODE_ENV: "development" },
      "queues",
      "clear",
      "maintenance",
      "--yes",
    );
    expect(answer).toMatchObject({ code: 0, out: "Entries discarded: 1.\n" });
    expect(await world.enqueued()).toEqual([]);
    expect(await world.producers.queue("maintenance").getJobCountByTypes("prioritized", "wait")).toBe(0);
    expect(await world.query("select id, status from job_runs")).toEqual([{ id: run, status: "cancelled" }]);
    expect(await world.query("select action from audit_log")).toEqual([{ action: "queues.clear" }]);
  });
});
