import { describe, expect, it } from "vitest";
import { FRESH } from "../../src/queues/carriers.ts";
import { countPostponed, failPostponed } from "../../src/queues/postpone.ts";
import { relayOnce } from "../../src/queues/relay-round.ts";
import { runCarrier } from "../../src/queues/run-carrier.ts";
import { listRuns } from "../../src/queues/runs.ts";
import { executionOf } from "../../src/roles/execution.ts";
import { eventually } from "../support/eventually.ts";
import { enqueueIn, enqueueRunIn, noted, singleJob } from "../support/jobs.ts";
import { openVersion } from "../support/versions.ts";
import { createWorld, type World } from "../support/world.ts";

const ready = (world: World) => eventually(() => expect(world.producers.ready()).toBe(true));

/** Inserts due entries of a job that no version has. */
const plant = (world: World, count: number, job = "gone-job") =>
  world.query(
    `insert into outbox (queue, job, key, payload, run_at)
     select 'maintenance', $1, n::text, '{}', now() - interval '1 minute' from generate_series(1, $2::int) n`,
    [job, count],
  );

/** Seconds until entries are due. */
const waits = async (world: World) =>
  (
    await world.query<{ wait: number }>(
      "select extract(epoch from run_at - now())::float8 as wait from outbox where dead_at is null order by id",
    )
  ).map(({ wait }) => wait);

describe("entries of a job that this version does not have", () => {
  it("do not delay a job of the same queue, however many they are", async () => {
    const job = singleJob();
    const world = await createWorld({ jobs: [job] });
    await ready(world);
    await plant(world, 5_000);
    await enqueueIn(world, job, { item: "live" });
    for (let round = 0; round < 12; round++) await relayOnce(world);
    expect(
      await world.query("select job, carrier is not null as carried from outbox where job = 'note-item'"),
    ).toEqual([{ job: "note-item", carried: true }]);
    expect(await world.query("select count(*)::int as n from outbox where carrier is not null")).toEqual([
      { n: 1 },
    ]);
  });

  it("are held at once, and not read again by a version without the job", async () => {
    const world = await createWorld({ jobs: [singleJob()] });
    await ready(world);
    await plant(world, 4_500);
    for (const left of [2_500, 500, 0]) {
      await relayOnce(world);
      const [due] = await world.query<{ n: number }>(
        "select count(*)::int as n from outbox where run_at <= now()",
      );
      expect(due?.n).toBe(left);
    }
    expect(await relayOnce(world)).toBe(0);
    expect(await world.query("select distinct run_at::text, attempts, error from outbox")).toEqual([
      { run_at: "infinity", attempts: 0, error: 'unknown job "gone-job" in this version' },
    ]);
  });

  it("are taken by a version that has the job, and run once", async () => {
    const job = singleJob();
    const world = await createWorld({ jobs: [] });
    await ready(world);
    const newer = openVersion(world, { jobs: [job] });
    await world.query(
      `insert into outbox (queue, job, key, payload)
       select $1, $2, n::text, jsonb_build_object('item', n::text) from generate_series(1, 300) n`,
      [job.queue, job.name],
    );
    await relayOnce(world);
    expect(await world.query("select distinct run_at::text from outbox")).toEqual([{ run_at: "infinity" }]);
    await newer.start();
    await eventually(async () => expect(await noted(world)).toHaveLength(300));
    expect(new Set(await noted(world)).size).toBe(300);
    expect(await world.enqueued()).toEqual([]);
  });

  it("wait longer each time, up to a quarter of an hour, without using an attempt", async () => {
    const world = await createWorld({ jobs: [singleJob()] });
    await plant(world, 1);
    const [entry] = await world.enqueued();
    const run = () => world.run({ name: "gone-job" }, [entry!.id]);
    expect(await run()).toMatchObject({ postponed: 1 });
    expect((await waits(world))[0]).toBeLessThanOrEqual(1);
    for (const [since, wait] of [
      ["1 minute", 15],
      ["20 minutes", 300],
      ["10 hours", 900],
    ] as const) {
      await world.query("update outbox set postponed_at = now() - $1::interval", [since]);
      await run();
      const [seconds] = await waits(world);
      expect(seconds).toBeGreaterThan(wait - 5);
      expect(seconds).toBeLessThanOrEqual(wait + 1);
    }
    expect(await world.enqueued()).toMatchObject([
      { attempts: 0, dead: false, error: 'unknown job "gone-job" in this version' },
    ]);
  });

  it("are left alone by an attempt that another carrier has replaced", async () => {
    const world = await createWorld({ jobs: [singleJob()] });
    await plant(world, 1);
    const [entry] = await world.enqueued();
    await world.query("update outbox set carrier = 'the other', enqueued_at = now()");
    const carrier = { ...FRESH, id: "replaced", job: "gone-job", entries: [entry!.id] };
    await runCarrier(executionOf(world), carrier, new AbortController().signal);
    expect(await world.query("select carrier, postponed_at from outbox")).toEqual([
      { carrier: "the other", postponed_at: null },
    ]);
  });

  it("are counted by name in the metrics", async () => {
    const world = await createWorld({ jobs: [singleJob()] });
    await ready(world);
    await plant(world, 3);
    await plant(world, 2, "other-job");
    await relayOnce(world);
    expect((await countPostponed(world.db.drizzle)).sort((a, b) => b.count - a.count)).toEqual([
      { job: "gone-job", count: 3 },
      { job: "other-job", count: 2 },
    ]);
  });

  it("become dead letters after a day, and a run of such a job fails", async () => {
    const job = singleJob();
    const world = await createWorld({ jobs: [job] });
    const run = await enqueueRunIn(world, job, { item: "a" });
    await plant(world, 1);
    await world.query("update outbox set job = 'gone-job'");
    for (const { id } of await world.enqueued()) await world.run({ name: "gone-job" }, [id]);
    expect(await failPostponed(world.db)).toBe(0);
    await world.query("update outbox set postponed_at = now() - interval '25 hours'");
    expect(await failPostponed(world.db)).toBe(2);
    expect(await world.enqueued()).toMatchObject([{ dead: true }, { dead: true }]);
    expect(await listRuns(world.db.drizzle, null, 5)).toMatchObject([
      { job: "gone-job", status: "failed" },
      { id: run, status: "failed", error: 'unknown job "gone-job" in this version' },
    ]);
  });

  it("run as soon as a version starts that has the job", async () => {
    const job = singleJob();
    const world = await createWorld({ jobs: [job] });
    await enqueueIn(world, job, { item: "a" });
    await world.query(
      "update outbox set postponed_at = now() - interval '9 hours', run_at = now() + interval '15 minutes'",
    );
    await openVersion(world, { jobs: [job] }).start();
    await eventually(async () => expect(await noted(world)).toEqual(["a"]));
  });
});
