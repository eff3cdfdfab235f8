import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Cancel, Snooze, skipped } from "../../src/queues/outcome.ts";
import { batchJob, enqueueIn, items, noted, singleJob } from "../support/jobs.ts";
import { createWorld, type World } from "../support/world.ts";

const dueIn = async (world: World): Promise<number> => {
  const [row] = await world.query<{ ms: number }>(
    "select extract(epoch from run_at - now())::float8 * 1000 as ms from outbox",
  );
  return row!.ms;
};

describe("an outcome", () => {
  it("done settles the entry and counts", async () => {
    const job = singleJob();
    const world = await createWorld({ jobs: [job] });
    expect(await world.perform(job, { item: "a" })).toMatchObject({ done: 1, counts: { noted: 1 } });
    expect(await world.enqueued()).toEqual([]);
  });

  it("skipped settles the entry and keeps the reason", async () => {
    const job = singleJob(async () => skipped("nothing to do"));
    const world = await createWorld({ jobs: [job] });
    expect(await world.perform(job, { item: "a" })).toMatchObject({
      skipped: 1,
      reasons: { "nothing to do": 1 },
    });
    expect(await world.enqueued()).toEqual([]);
  });

  it("an exception is retried later, and its writes are rolled back", async () => {
    const job = singleJob(async () => {
      throw new Error("secret value 4711");
    });
    const world = await createWorld({ jobs: [job] });
    expect(await world.perform(job, { item: "a" })).toMatchObject({ retry: 1 });
    expect(await noted(world)).toEqual([]);
    const [entry] = await world.enqueued();
    expect(entry).toMatchObject({ attempts: 1, dead: false });
    expect(entry!.error).toMatch(/^Error at test\/queues\/run-carrier\.test\.ts/);
    expect(entry!.error).not.toContain("4711");
    expect(await dueIn(world)).toBeLessThanOrEqual(1_000);
  });

  it("the back-off doubles up to its cap", async () => {
    const job = {
      ...singleJob(async () => Promise.reject(new Error("no"))),
      attempts: 50,
      backOff: { baseMs: 10_000, capMs: 600_000 },
    };
    const world = await createWorld({ jobs: [job] });
    const [id] = await enqueueIn(world, job, { item: "a" });
    for (const [attempts, least, most] of [
      [3, 35_000, 80_000],
      [40, 295_000, 600_000],
    ] as const) {
      await world.query("update outbox set attempts = $1", [attempts]);
      await world.run(job, [id!]);
      const ms = await dueIn(world);
      expect(ms).toBeGreaterThan(least);
      expect(ms).toBeLessThanOrEqual(most);
    }
  });

  it("a failed statement is stored by code and constraint, without its values", async () => {
    const job = singleJob(async (_item, { tx }) => {
      await tx.execute(sql`insert into token_sales (source, external_id, inbox_id, buyer_user_id, amount_micro, currency, sold_at, received_at)
        values ('PRIVATE', 'PRIVATE', 1, 1, 1, 'PRIVATE', now(), now())`);
      return undefined;
    });
    const world = await createWorld({ jobs: [job] });
    await world.perform(job, { item: "a" });
    expect((await world.enqueued())[0]?.error).toBe("23503 token_sales_inbox_id_inbox_id_fk");
  });

  it("a ZodError inside the job is retried, and stored by path and code", async () => {
    const job = singleJob(async () => {
      z.object({ deep: z.object({ n: z.number() }) }).parse({ deep: { n: "PRIVATE" } });
      return undefined;
    });
    const world = await createWorld({ jobs: [job] });
    expect(await world.perform(job, { item: "a" })).toMatchObject({ retry: 1 });
    expect((await world.enqueued())[0]?.error).toMatch(/^ZodError deep\.n: invalid_type/);
  });

  it("Cancel is a dead letter at once", async () => {
    const job = singleJob(async () => {
      throw new Cancel("the project is closed");
    });
    const world = await createWorld({ jobs: [job] });
    expect(await world.perform(job, { item: "a" })).toMatchObject({ dead: 1 });
    expect(await world.enqueued()).toMatchObject([{ dead: true, error: "Cancel: the project is closed" }]);
  });

  it("Snooze delays the entry without using an attempt", async () => {
    const job = singleJob(async () => {
      throw new Snooze(60_000);
    });
    const world = await createWorld({ jobs: [job] });
    expect(await world.perform(job, { item: "a" })).toMatchObject({ snoozed: 1 });
    expect(await world.enqueued()).toMatchObject([{ attempts: 0, dead: false }]);
    expect(await dueIn(world)).toBeGreaterThan(55_000);
  });

  it("an invalid payload is dead at once, and the rest of its group is done", async () => {
    const job = batchJob();
    const world = await createWorld({ jobs: [job] });
    const ids = await enqueueIn(world, job, ...items(5));
    await world.query("update outbox set payload = '{\"item\": 7}' where key = 'item-0003'");
    expect(await world.run(job, ids)).toMatchObject({ done: 4, dead: 1 });
    expect(await world.enqueued()).toMatchObject([
      {
        dead: true,
        error: "PayloadRejected: the payload does not match the schema of the job (item: invalid_type)",
      },
    ]);
  });

  it("the last failed attempt makes a dead letter, with a row in job_runs", async () => {
    const job = singleJob(async () => Promise.reject(new Error("no")), { attempts: 3 });
    const world = await createWorld({ jobs: [job] });
    const [id] = await enqueueIn(world, job, { item: "a" });
    for (const end of ["retry", "retry", "dead"])
      expect(await world.run(job, [id!])).toMatchObject({ [end]: 1 });
    expect(await world.run(job, [id!])).toMatchObject({ duplicate: 1 });
    expect(await world.query("select job, status, input from job_runs")).toEqual([
      { job: "note-item", status: "failed", input: { item: "a" } },
    ]);
  });

  it("deadlocks and serialization failures use no attempt", async () => {
    for (const code of ["40P01", "40001", "55P03"]) {
      const job = singleJob(async (_item, { tx }) => {
        await tx.execute(sql.raw(`do $$ begin raise exception 'x' using errcode = '${code}'; end $$`));
        return undefined;
      });
      const world = await createWorld({ jobs: [job] });
      expect(await world.perform(job, { item: "a" })).toMatchObject({ interrupted: 1 });
      expect(await world.enqueued()).toMatchObject([{ attempts: 0, error: null }]);
    }
  });
});

describe("a group that throws", () => {
  it("is halved until the failing entry is alone: 49 are done, one is retried", async () => {
    const job = batchJob(async ({ item }) => {
      if (item === "item-0033") throw new Error("poison");
      return undefined;
    });
    const world = await createWorld({ jobs: [job] });
    const ids = await enqueueIn(world, job, ...items(50));
    expect(await world.run(job, ids)).toMatchObject({ done: 49, retry: 1 });
    expect(await noted(world)).toHaveLength(49);
    expect(await world.enqueued()).toMatchObject([{ key: "item-0033", attempts: 1 }]);
  });

  it("settles nothing when the job returns too few outcomes", async () => {
    const job = { ...batchJob(), runBatch: async () => [] };
    const world = await createWorld({ jobs: [job] });
    const ids = await enqueueIn(world, job, ...items(2));
    expect(await world.run(job, ids)).toMatchObject({ retry: 2 });
  });
});

describe("a carrier that outlived a restored database", () => {
  it("does not run an entry whose id was reused by another job", async () => {
    const [ours, other] = [singleJob(), batchJob()];
    const world = await createWorld({ jobs: [ours, other] });
    const [id] = await enqueueIn(world, other, { item: "not yours" });
    expect(await world.run(ours, [id as string])).toMatchObject({ duplicate: 1, done: 0 });
    expect(await noted(world)).toEqual([]);
    expect(await world.enqueued()).toMatchObject([{ key: "not yours", attempts: 0, dead: false }]);
  });
});
