import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { catalogue } from "../../src/workers/index.ts";
import { eventually } from "../support/eventually.ts";
import { batchJob, enqueueIn, items, noted, singleJob } from "../support/jobs.ts";
import { type OpenTransaction, openTransaction } from "../support/open-transaction.ts";
import { size } from "../support/sizes.ts";
import { createWorld, type World } from "../support/world.ts";

/** Keeps every job of the test from writing: they write into the audit log. */
async function lockTheTable(world: World): Promise<OpenTransaction> {
  const blocker = await openTransaction(world);
  await blocker.query("set local idle_in_transaction_session_timeout = 0");
  await blocker.query("lock table audit_log in share row exclusive mode");
  return blocker;
}

const circuitsOpened = async (world: World): Promise<number> => {
  const metrics = await world.metrics.registry.getMetricsAsJSON();
  const values = metrics.find(({ name }) => name === "commonwork_circuit_openings_total")?.values ?? [];
  return values.reduce((sum, { value }) => sum + value, 0);
};

describe("a locked table", () => {
  it(
    "makes no dead letter, however long it stays locked, and everything is settled afterwards",
    async () => {
      // In full: ten minutes, with the attempts and the time limit that jobs have by default.
      const fields = size(1, 0) === 1 ? { attempts: 2, timeLimitMs: 700 } : {};
      const singles = singleJob(undefined, fields);
      const batches = batchJob(undefined, { ...fields, size: 20 });
      const world = await createWorld({ jobs: [singles, batches] });
      const blocker = await lockTheTable(world);
      const lockedMs = performance.now();
      await enqueueIn(world, singles, ...items(5));
      await enqueueIn(world, batches, ...items(50));
      await world.startWorkers();
      // By attempts alone, entries would be dead after the second one.
      await eventually(
        async () => {
          expect(await circuitsOpened(world)).toBeGreaterThanOrEqual(4);
          expect(performance.now() - lockedMs).toBeGreaterThan(size(0, 600_000));
        },
        { withinMs: size(300_000, 1_200_000) },
      );
      const waiting = await world.enqueued();
      expect(waiting).toHaveLength(55);
      expect(waiting.filter(({ dead }) => dead)).toEqual([]);
      // The first single one could not know that others fail too.
      expect(waiting.reduce((sum, { attempts }) => sum + attempts, 0)).toBeLessThanOrEqual(1);
      await blocker.end("rollback");
      await eventually(async () => expect(await world.enqueued()).toEqual([]));
      expect(await noted(world)).toHaveLength(55);
    },
    size(600_000, 1_800_000),
  );

  it("is not answered by halving: a group of 64 makes three attempts to write", async () => {
    let starts = 0;
    const job = { ...batchJob(undefined, { size: 64, timeLimitMs: 1_000 }) };
    const counted = {
      ...job,
      runBatch: (...args: Parameters<typeof job.runBatch>) => {
        starts += 1;
        return job.runBatch(...args);
      },
    };
    const world = await createWorld({ jobs: [counted] });
    const ids = await enqueueIn(world, counted, ...items(64));
    const blocker = await lockTheTable(world);
    expect(await world.run(counted, ids)).toMatchObject({ interrupted: 64, retry: 0 });
    expect(starts).toBe(3);
    // The circuit is open: the next carrier writes nothing at all.
    expect(await world.run(counted, ids)).toMatchObject({ interrupted: 64 });
    expect(starts).toBe(3);
    await blocker.end("rollback");
  });
});

describe("an entry that is slow itself", () => {
  const slow = (item: string, sleepers: readonly string[]) => sleepers.includes(item);
  const slowJob = (sleepers: readonly string[]) =>
    batchJob(
      async ({ item }, { tx }) => {
        if (slow(item, sleepers)) await tx.execute(sql`select pg_sleep(30)`);
        return undefined;
      },
      { timeLimitMs: 2_000, size: 16 },
    );

  it("uses an attempt, and the rest of its group is done", async () => {
    const job = slowJob(["item-0003"]);
    const world = await createWorld({ jobs: [job] });
    const ids = await enqueueIn(world, job, ...items(16));
    expect(await world.run(job, ids)).toMatchObject({ done: 15, retry: 1 });
    expect(await world.enqueued()).toMatchObject([{ key: "item-0003", attempts: 1 }]);
    expect(await circuitsOpened(world)).toBe(0);
  });

  it("beside another one does not keep the rest from being done", async () => {
    const job = slowJob(["item-0003", "item-0012"]);
    const world = await createWorld({ jobs: [job] });
    const ids = await enqueueIn(world, job, ...items(16));
    await eventually(async () => {
      await world.run(job, ids);
      expect(await world.enqueued()).toHaveLength(2);
    });
    expect((await world.enqueued()).map(({ key }) => key)).toEqual(["item-0003", "item-0012"]);
  });
});

describe("a full, read-only or contended server", () => {
  it.each(["53100", "25006", "53200", "58030"])(
    "answers %s: the circuit opens, and no attempt is used",
    async (code) => {
      const raise = sql.raw(`do $$ begin raise exception 'x' using errcode = '${code}'; end $$`);
      const job = batchJob(async (_item, { tx }) => {
        await tx.execute(raise);
        return undefined;
      });
      const world = await createWorld({ jobs: [job] });
      const ids = await enqueueIn(world, job, ...items(4));
      expect(await world.run(job, ids)).toMatchObject({ interrupted: 4, retry: 0 });
      expect(await circuitsOpened(world)).toBe(1);
    },
  );

  it("that answers with a deadlock again and again opens the circuit as well", async () => {
    const job = singleJob(async (_item, { tx }) => {
      await tx.execute(sql.raw(`do $$ begin raise exception 'x' using errcode = '40P01'; end $$`));
      return undefined;
    });
    const world = await createWorld({ jobs: [job] });
    const ids = await enqueueIn(world, job, ...items(8));
    for (const id of ids.slice(0, 5)) expect(await world.run(job, [id])).toMatchObject({ interrupted: 1 });
    expect(await circuitsOpened(world)).toBe(0);
    for (const id of ids.slice(5)) await world.run(job, [id]);
    expect(await circuitsOpened(world)).toBe(1);
  });
});

describe("attempts", () => {
  it.each([
    "distribute-commission",
    "release-commission",
    "recheck-commissions",
    "reverse-sale",
    "reconcile-sales",
    "distribute-budget",
    "send-emails",
  ])("of %s last for more than a day, whatever the jitter", (name) => {
    const { attempts, backOff } = catalogue.find(name)!.job;
    const delays = Array.from({ length: attempts - 1 }, (_, n) =>
      Math.min(backOff.capMs, backOff.baseMs * 2 ** n),
    );
    // The delay of a failed entry is at least half of this.
    expect(delays.reduce((sum, ms) => sum + ms / 2, 0)).toBeGreaterThan(24 * 3_600_000);
    expect(Math.max(...delays)).toBe(3_600_000);
  });

  it("of a job without a schedule of its own reach a delay of an hour before the last one", async () => {
    const job = singleJob(async () => Promise.reject(new Error("no")));
    const world = await createWorld({ jobs: [job] });
    const [id] = await enqueueIn(world, job, { item: "a" });
    const delays: number[] = [];
    for (;;) {
      const tally = await world.run(job, [id!]);
      if (tally.dead > 0) break;
      const [row] = await world.query<{ ms: number }>(
        "select extract(epoch from run_at - now())::float8 * 1000 as ms from outbox",
      );
      delays.push(row!.ms);
    }
    expect(Math.max(...delays)).toBeGreaterThan(1_800_000 - 10_000);
    expect(await noted(world)).toEqual([]);
  });
});
