import { describe, expect, inject, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { enqueue } from "../../src/queues/enqueue.ts";
import { createScheduler } from "../../src/roles/scheduler.ts";
import { every } from "../../src/schedules/schedule.ts";
import { callWebhook, saleBody, serve } from "../http/support.ts";
import { eventually } from "../support/eventually.ts";
import { chain, organization } from "../support/factories.ts";
import { noted, singleJob } from "../support/jobs.ts";
import { ownPostgres } from "../support/own-postgres.ts";
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
    await eventually(() => inTransaction(world.db, (tx) => enqueue(tx, job, { item: "asked" })));

    await eventually(async () => {
      expect(await statuses(world)).toEqual(Array(7).fill("applied"));
      expect(await noted(world)).toContain("asked");
    });
    expect(await world.query("select 1 from outbox where dead_at is not null or attempts > 0")).toEqual([]);
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
});
