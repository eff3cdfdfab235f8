import { describe, expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import type { Job } from "../../src/queues/job.ts";
import { dueAfterPause, listPauses, pauseJob, resumeJob } from "../../src/queues/job-pauses.ts";
import { eventually } from "../support/eventually.ts";
import { batchJob, enqueueIn, items, noted, singleJob } from "../support/jobs.ts";
import { createWorld, type World } from "../support/world.ts";

const BY = { actor: "ada", reason: "the seller asked" };

const pause = (world: World, job: Job, seconds = 3_600) =>
  inTransaction(world.db, (tx) => pauseJob(tx, job, seconds, BY));

async function resume(world: World, job: Job): Promise<void> {
  const until = await inTransaction(world.db, (tx) => resumeJob(tx, job, BY));
  if (until !== null) while (await inTransaction(world.db, (tx) => dueAfterPause(tx, job, until)));
}

const dueAt = (world: World) =>
  world.query<{ key: string; due: string; attempts: number }>(
    `select key, attempts, case when run_at <= now() then 'now'
       when run_at = (select until from job_pauses limit 1) then 'after the pause' else 'later' end as due
     from outbox where enqueued_at is null order by key`,
  );

describe("a paused job", () => {
  it("does nothing, and its work is due when the pause ends, with all its attempts", async () => {
    const [job, other] = [batchJob(), singleJob()];
    const world = await createWorld({ jobs: [job, other] });
    await pause(world, job as Job);
    const ids = await enqueueIn(world, job, ...items(3));
    expect(await world.run(job, ids)).toMatchObject({ snoozed: 3, done: 0, retry: 0 });
    await world.perform(other, { item: "of another job" });
    expect(await noted(world)).toEqual(["of another job"]);
    expect(await dueAt(world)).toEqual(
      ["item-0000", "item-0001", "item-0002"].map((key) => ({ key, due: "after the pause", attempts: 0 })),
    );
  });

  it("works again at once when it is resumed, except entries that waited for another reason", async () => {
    const job = singleJob();
    const world = await createWorld({ jobs: [job] });
    const ids = await enqueueIn(world, job, { item: "a" }, { item: "b" }, { item: "c" });
    await pause(world, job as Job);
    await world.run(job, [ids[0]!]);
    await world.run(job, [ids[1]!]);
    await world.query(
      "update outbox set run_at = now() + interval '20 minutes', attempts = 2 where key = 'c'",
    );
    await resume(world, job as Job);
    expect(await dueAt(world)).toEqual([
      { key: "a", due: "now", attempts: 0 },
      { key: "b", due: "now", attempts: 0 },
      { key: "c", due: "later", attempts: 2 },
    ]);
    expect(await listPauses(world.db.drizzle)).toEqual([]);
  });

  it("is not delayed by a worker that does not know yet that it was resumed", async () => {
    const job = singleJob();
    const world = await createWorld({ jobs: [job] });
    const ids = await enqueueIn(world, job, { item: "a" }, { item: "b" });
    await pause(world, job as Job);
    await world.run(job, [ids[0]!]);
    await resume(world, job as Job);
    await world.run(job, [ids[1]!]);
    expect(await world.query("select 1 from outbox where run_at > now() + interval '5 seconds'")).toEqual([]);
  });

  it("is not paused any more once the time is over", async () => {
    const job = singleJob();
    const world = await createWorld({ jobs: [job] });
    await pause(world, job as Job);
    await world.query("update job_pauses set until = now() - interval '1 second'");
    expect(await world.perform(job, { item: "a" })).toMatchObject({ done: 1 });
    expect(await inTransaction(world.db, (tx) => resumeJob(tx, job as Job, BY))).toBeNull();
  });

  it("leaves who paused and resumed it, for how long and why, in the audit log", async () => {
    const job = singleJob();
    const world = await createWorld({ jobs: [job] });
    await pause(world, job as Job, 900);
    await resume(world, job as Job);
    expect(await world.query("select actor, action, subject, details from audit_log order by id")).toEqual([
      {
        actor: "ada",
        action: "jobs.pause",
        subject: "jobs:note-item",
        details: { reason: BY.reason, seconds: 900 },
      },
      { actor: "ada", action: "jobs.resume", subject: "jobs:note-item", details: { reason: BY.reason } },
    ]);
  });

  it("is skipped by real workers, which do the work of other jobs meanwhile", async () => {
    const [job, other] = [singleJob(), batchJob()];
    const world = await createWorld({ jobs: [job, other] });
    await pause(world, job as Job);
    await enqueueIn(world, job, ...items(20));
    await enqueueIn(world, other, { item: "of another job" });
    await world.startWorkers();
    await eventually(async () => {
      expect(await noted(world)).toEqual(["of another job"]);
      expect((await dueAt(world)).map(({ due }) => due)).toEqual(Array(20).fill("after the pause"));
    });
    await resume(world, job as Job);
    await eventually(async () => expect(await noted(world)).toHaveLength(21));
  });
});
