import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { eventually } from "../support/eventually.ts";
import { gate } from "../support/gate.ts";
import { batchJob, enqueueIn, items, note, noted, singleJob } from "../support/jobs.ts";
import { createWorld } from "../support/world.ts";

describe("the time limit", () => {
  it("abandons a job that never ends, and uses an attempt", async () => {
    const job = singleJob(() => new Promise(() => undefined), { timeLimitMs: 100 });
    const world = await createWorld({ jobs: [job] });
    expect(await world.perform(job, { item: "a" })).toMatchObject({ retry: 1 });
    expect(await world.enqueued()).toMatchObject([
      { attempts: 1, error: "TimeLimitExceeded: ran longer than 100 ms" },
    ]);
    expect(await noted(world)).toEqual([]);
  });

  it("cancels the statement on the server too, so that its locks are released", async () => {
    const job = singleJob(
      async (_item, { tx }) => {
        // Without this, the statement timeout would end the statement too.
        await tx.execute(sql`set local statement_timeout = 0`);
        await tx.execute(sql`select pg_advisory_xact_lock(7), pg_sleep(3600)`);
        return undefined;
      },
      { timeLimitMs: 1_000 },
    );
    const world = await createWorld({ jobs: [job] });
    expect(await world.perform(job, { item: "a" })).toMatchObject({ retry: 1 });
    await eventually(async () => {
      expect(await world.query("select pg_try_advisory_xact_lock(7) as free")).toEqual([{ free: true }]);
    });
  });

  it("keeps a job that ignores its signal from writing, and never reuses its connection", async () => {
    let after: unknown;
    const later = gate();
    const job = singleJob(
      async (_item, { tx }) => {
        await later.passed;
        after = await note(tx, "too late").catch((error: unknown) => error);
        return undefined;
      },
      { timeLimitMs: 750 },
    );
    const world = await createWorld({ jobs: [job], poolMax: 2 });
    await world.perform(job, { item: "a" });
    later.open();
    await eventually(() => expect(after).toBeInstanceOf(Error));
    // Every connection of the pool is now outside a transaction.
    await Promise.all([1, 2].map((n) => inTransaction(world.db, (tx) => note(tx, `clean ${n}`))));
    expect((await noted(world)).sort()).toEqual(["clean 1", "clean 2"]);
  });
});

describe("a worker that is stopped", () => {
  it("releases its entries without using an attempt", async () => {
    const started = gate();
    const job = batchJob(() => {
      started.open();
      return new Promise(() => undefined);
    });
    const world = await createWorld({ jobs: [job] });
    const workers = await world.startWorkers();
    await enqueueIn(world, job, ...items(3));
    world.relay.wake();
    await started.passed;
    await world.relay.stop();
    await workers.stop(0);
    const entries = await world.query(
      "select attempts, carrier, dead_at, run_at <= now() as due from outbox",
    );
    expect(entries).toEqual(Array(3).fill({ attempts: 0, carrier: null, dead_at: null, due: true }));
  });
});

describe("a worker that lost its lock", () => {
  it("abandons the carrier, since another worker may run it, and uses no attempt", async () => {
    const started = gate();
    let tries = 0;
    // Its time limit is far away: only the lost lock can end the first attempt.
    const job = batchJob(
      () => {
        started.open();
        return ++tries === 1 ? new Promise(() => undefined) : Promise.resolve(undefined);
      },
      { timeLimitMs: 60_000 },
    );
    const world = await createWorld({ jobs: [job] });
    await world.startWorkers();
    await enqueueIn(world, job, { item: "a" });
    world.relay.wake();
    await started.passed;
    const [lock] = await world.producers.redis.keys(`*${world.config.redisPrefix}:maintenance*:lock`);
    await world.producers.redis.set(lock!, "somebody else");
    await eventually(async () => expect(await world.enqueued()).toEqual([]));
    expect(await noted(world)).toEqual(["a"]);
    expect(await world.query("select * from job_runs")).toEqual([]);
  });
});

describe("losing Postgres", () => {
  it("during an attempt uses no attempt, and the job is done once", async () => {
    let tries = 0;
    const job = batchJob(async (_item, { tx }) => {
      if (++tries <= 2) await tx.execute(sql`select pg_terminate_backend(pg_backend_pid())`);
      return undefined;
    });
    const world = await createWorld({ jobs: [job] });
    const ids = await enqueueIn(world, job, ...items(3));
    expect(await world.run(job, ids)).toMatchObject({ done: 3, retry: 0 });
    expect(await noted(world)).toHaveLength(3);
    expect(await world.query("select * from job_runs")).toEqual([]);
  });

  it("each time one entry runs uses attempts of that entry alone", async () => {
    const job = batchJob(async ({ item }, { tx }) => {
      if (item === "item-0001") await tx.execute(sql`select pg_terminate_backend(pg_backend_pid())`);
      return undefined;
    });
    const world = await createWorld({ jobs: [job] });
    const ids = await enqueueIn(world, job, ...items(4));
    expect(await world.run(job, ids)).toMatchObject({ done: 3, retry: 1 });
    expect(await world.enqueued()).toMatchObject([{ key: "item-0001", attempts: 1 }]);
  });

  it("while a failure is stored neither loses it nor uses a second attempt", async () => {
    const job = singleJob(async () => Promise.reject(new Error("no")));
    const world = await createWorld({ jobs: [job] });
    const [id] = await enqueueIn(world, job, { item: "a" });
    // The backend of the first write of a failure is terminated.
    await world.query(`create sequence failures`);
    await world.query(`create function lose_backend() returns trigger language plpgsql as $$
      begin
        if nextval('failures') = 1 then perform pg_terminate_backend(pg_backend_pid()); end if;
        return new;
      end $$`);
    await world.query(
      "create trigger lose_backend before update of attempts on outbox for each row execute function lose_backend()",
    );
    expect(await world.run(job, [id!])).toMatchObject({ retry: 1 });
    expect(await world.enqueued()).toMatchObject([{ attempts: 1, dead: false }]);
  });
});
