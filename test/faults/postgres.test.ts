import pg from "pg";
import { describe, expect, inject, it } from "vitest";
import { openDatabase } from "../../src/db/client.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { enqueue } from "../../src/queues/enqueue.ts";
import { createScheduler } from "../../src/roles/scheduler.ts";
import { every } from "../../src/schedules/schedule.ts";
import { callWebhook, saleBody, serve } from "../http/support.ts";
import { eventually } from "../support/eventually.ts";
import { chain, organization } from "../support/factories.ts";
import { noted, singleJob } from "../support/jobs.ts";
import { ownPostgres } from "../support/own-postgres.ts";
import { saleScene, sendThroughFaults } from "../support/sale-calls.ts";
import { size } from "../support/sizes.ts";
import { smallDisk } from "../support/small-disk.ts";
import { tcpProxy } from "../support/tcp-proxy.ts";
import { createWorld, type World } from "../support/world.ts";

/**
 * Sends a sale as its seller does: again until there is a final answer, which must be 202, 200 or a 503 that
 * says when to retry.
 */
async function sendUntilAccepted(address: string, id: string, buyer: string): Promise<void> {
  const body = saleBody({ user_id: buyer, transaction_id: JSON.stringify(id) });
  await eventually(async () => {
    const answer = await callWebhook(address, body);
    if (answer.status === 503) expect(answer.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
    else expect([200, 202]).toContain(answer.status);
    expect(answer.status).not.toBe(503);
  });
}

const statuses = async (world: World): Promise<string[]> =>
  (await world.query<{ status: string }>("select status from token_sales order by id")).map((s) => s.status);

describe("a Postgres connection that dies without a reset", () => {
  it("is closed by the client, so that intake, relay, scheduler and workers continue over a new one", async () => {
    const proxy = await tcpProxy(Number(new URL(inject("databaseUrl")).port));
    const job = singleJob();
    const world = await createWorld({
      jobs: [job],
      databaseUrl: (url) => proxy.through(url),
      timetable: [every("* * * * *", job, { input: { item: "scheduled" } })],
    });
    const [buyer] = await chain(world, await organization(world), 2);
    const scheduler = createScheduler(world);
    scheduler.start();
    world.closing(() => scheduler.stop());
    await world.startWorkers();
    const address = await serve(world);
    await sendUntilAccepted(address, "before", buyer!.userId);

    proxy.swallow();
    await Promise.all(
      ["a", "b", "c", "d", "e", "f"].map((id) => sendUntilAccepted(address, id, buyer!.userId)),
    );
    // As a program would that asks again after a lost connection.
    await eventually(() => inTransaction(world.db, (tx) => enqueue(tx, job, { item: "enqueued" })));

    await eventually(async () => {
      expect(await statuses(world)).toEqual(Array(7).fill("applied"));
      expect(await noted(world)).toContain("enqueued");
    });
    expect(await world.query("select 1 from outbox where dead_at is not null or attempts > 0")).toEqual([]);
  });
});

/** Locks the table of schedules over a connection that does not pass the proxy. */
async function blockSchedules(world: World) {
  const url = new URL(world.config.databaseUrl);
  url.port = new URL(inject("databaseUrl")).port;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  const end = async () => client.end();
  world.closing(end);
  await client.query(`begin; lock table ${world.config.databaseSchema}.schedules`);
  return {
    async sessionLocks() {
      const { rowCount } = await client.query(
        `select 1 from pg_locks
         where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())`,
      );
      return rowCount;
    },
    end,
  };
}

describe("a host that is gone in the middle of a round of the scheduler, without a reset", () => {
  it("does not keep the scheduler's lock: the next round opens the slots", async () => {
    const proxy = await tcpProxy(Number(new URL(inject("databaseUrl")).port));
    const job = singleJob();
    const world = await createWorld({
      jobs: [job],
      databaseUrl: (url) => proxy.through(url),
      timetable: [every("* * * * *", job, { input: { item: "scheduled" } })],
    });
    const blocker = await blockSchedules(world);
    const scheduler = createScheduler(world);
    world.closing(() => scheduler.stop());
    scheduler.start();
    await eventually(async () => expect(await blocker.sessionLocks()).toBe(1));
    const endOrphans = proxy.halfOpen();
    world.closing(async () => endOrphans());
    expect(await blocker.sessionLocks()).toBe(1);
    await blocker.end();
    await eventually(async () => expect(await world.query("select name from schedules")).toHaveLength(1));
  });
});

describe("a Postgres that answers and cannot write", () => {
  it("read-only: ready says so, webhooks get 503 with Retry-After, no attempt is used; afterwards everything is done", async () => {
    const postgres = await ownPostgres();
    const job = singleJob();
    const world = await createWorld({ jobs: [job], databaseUrl: () => postgres.url });
    const [buyer] = await chain(world, await organization(world), 2);
    await world.startWorkers();
    const address = await serve(world);
    await inTransaction(world.db, (tx) => enqueue(tx, job, { item: "before" }));
    await eventually(async () => expect(await noted(world)).toEqual(["before"]));
    await inTransaction(world.db, (tx) => enqueue(tx, job, { item: "waiting" }, { delayMs: 1_000 }));

    await postgres.demote();
    await eventually(async () => {
      const ready = await fetch(`${address}/health/ready`);
      expect([ready.status, await ready.json()]).toMatchObject([503, { checks: { postgres: "read-only" } }]);
    });
    const refused = await callWebhook(address, saleBody({ user_id: buyer!.userId }));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);

    await postgres.promote();
    await sendUntilAccepted(address, "after", buyer!.userId);
    await eventually(async () => {
      expect(await noted(world)).toEqual(["before", "waiting"]);
      expect(await statuses(world)).toEqual(["applied"]);
    });
    expect(await world.enqueued()).toEqual([]);
  });

  it("full: ready says so, webhooks get 503 with Retry-After, no attempt is used; with space everything is done", async ({
    skip,
  }) => {
    const disk = await smallDisk(260);
    if (typeof disk === "string") return skip(disk);
    const postgres = await ownPostgres({ parent: disk.folder, settings: ["max_wal_size=48MB"] });
    const job = singleJob();
    const world = await createWorld({ jobs: [job], databaseUrl: () => postgres.url });
    const [buyer] = await chain(world, await organization(world), 2);
    await world.startWorkers();
    const address = await serve(world);
    await inTransaction(world.db, (tx) => enqueue(tx, job, { item: "before" }));
    await eventually(async () => expect(await noted(world)).toEqual(["before"]));

    await disk.fill();
    const sold: string[] = [];
    // The pages there are have room for some.
    await eventually(async () => {
      const id = `sale-${sold.length}`;
      sold.push(id);
      const answer = await callWebhook(
        address,
        saleBody({ user_id: buyer!.userId, transaction_id: JSON.stringify(id) }),
      );
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
    });
    await eventually(async () => {
      const ready = await fetch(`${address}/health/ready`);
      expect([ready.status, await ready.json()]).toMatchObject([
        503,
        { checks: { postgres: "full: there is no space on its disk (53100)" } },
      ]);
    });
    // A process that starts now has not been refused anything yet.
    const db = openDatabase(world.config);
    world.closing(() => db.close());
    const restarted = await serve(world, { db });
    const ready = await fetch(`${restarted}/health/ready`);
    expect([ready.status, await ready.json()]).toMatchObject([
      503,
      { checks: { postgres: "full: there is no space on its disk (53100)" } },
    ]);

    await disk.free();
    for (const one of [address, restarted])
      await eventually(async () => expect((await fetch(`${one}/health/ready`)).status).toBe(200));
    for (const id of sold) await sendUntilAccepted(address, id, buyer!.userId);
    await eventually(async () => expect(await statuses(world)).toEqual(Array(sold.length).fill("applied")));
    await eventually(async () => expect(await world.enqueued()).toEqual([]));
  });

  it("restarted on the same address: all work continues by itself", async () => {
    const postgres = await ownPostgres();
    const world = await createWorld({ databaseUrl: () => postgres.url });
    const [buyer] = await chain(world, await organization(world), 2);
    await world.startWorkers();
    const address = await serve(world);
    await postgres.stop();
    const refused = await callWebhook(address, saleBody({ user_id: buyer!.userId }));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
    const ready = await fetch(`${address}/health/ready`);
    expect([ready.status, await ready.json()]).toMatchObject([
      503,
      { checks: { postgres: "unreachable", migrations: "unknown" } },
    ]);
    await postgres.start();
    await sendUntilAccepted(address, "after", buyer!.userId);
    await eventually(async () => expect(await statuses(world)).toEqual(["applied"]));
  });

  it("killed while sales come in, and restarted: each is applied once", async () => {
    const postgres = await ownPostgres();
    const scene = await saleScene({ databaseUrl: () => postgres.url });
    await scene.world.startWorkers();
    const restart = async () => {
      await postgres.kill();
      // Its processes may take a moment to notice.
      await eventually(() => postgres.start());
    };
    await sendThroughFaults(scene, size(100, 300), [{ at: 0.3, strike: restart }]);
  });
});
