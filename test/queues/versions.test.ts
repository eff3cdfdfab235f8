import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineJob, type Job } from "../../src/queues/job.ts";
import { done } from "../../src/queues/outcome.ts";
import { listRuns } from "../../src/queues/runs.ts";
import { unknownFields } from "../../src/queues/stored-values.ts";
import { eventually } from "../support/eventually.ts";
import { batchJob, enqueueIn, enqueueRunIn, note, noted, singleJob } from "../support/jobs.ts";
import { sendJob } from "../support/outside.ts";
import { openVersion } from "../support/versions.ts";
import { createWorld, type World } from "../support/world.ts";

const addField = (world: World) =>
  world.query(`update outbox set payload = payload || '{"currency": "EUR"}'`);

describe("a payload with a field that this version does not know", () => {
  it("waits for a version that does, and is not settled without it", async () => {
    const job = singleJob();
    const world = await createWorld({ jobs: [job] });
    await enqueueIn(world, job, { item: "a" });
    await addField(world);
    expect(await world.drain()).toMatchObject([{ postponed: 1 }]);
    expect(await noted(world)).toEqual([]);
    expect(await world.enqueued()).toMatchObject([
      { attempts: 0, error: "AnotherVersion: unknown fields in the payload (currency)" },
    ]);

    const newer: Job = { ...job, payload: z.object({ item: z.string(), currency: z.string() }) as never };
    await openVersion(world, { jobs: [newer] }).start();
    await eventually(async () => expect(await noted(world)).toEqual(["a"]));
    expect(await world.enqueued()).toEqual([]);
  });

  it("does not hold up the others of its group", async () => {
    const job = batchJob();
    const world = await createWorld({ jobs: [job] });
    await enqueueIn(world, job, { item: "a" }, { item: "b" }, { item: "c" });
    await world.query(`update outbox set payload = payload || '{"currency": "EUR"}' where key = 'b'`);
    expect(await world.drain()).toMatchObject([{ done: 2, postponed: 1 }]);
    expect(await noted(world)).toEqual(["a", "c"]);
  });
});

type Range = { from: number; to: number };

/** A ranged job, as one of two versions cut it. */
const countUp = (range: z.ZodType<never>) =>
  defineJob<{ upTo: number }, Range>({
    name: "count-up",
    queue: "maintenance",
    description: "Counts numbers.",
    payload: z.object({ upTo: z.number() }),
    key: () => "all",
    attempts: 1,
    range,
    cut: async ({ upTo }) => [{ from: 1, to: upTo }],
    run: async ({ from, to }, { tx }) => {
      await note(tx, `${from} to ${to}`);
      return done({ numbers: to - from + 1 });
    },
    sum: async (_payload, counts) => done(counts),
  });

const older = countUp(z.object({ from: z.number(), to: z.number() }) as never);
const newer = countUp(z.object({ first: z.number(), last: z.number() }) as never);

describe("a range that another version has cut", () => {
  it("waits for that version, and is not run as another range", async () => {
    const world = await createWorld({ jobs: [newer] });
    await enqueueRunIn(world, newer, { upTo: 3 });
    const other = openVersion(world, { jobs: [older] });
    const [tally] = await world.drain();
    expect(tally).toMatchObject({ done: 1 });
    expect(await world.enqueued()).toMatchObject([{ job: "count-up/range", attempts: 0, dead: false }]);
    expect(await noted(world)).toEqual([]);
    await other.start();
    await eventually(async () =>
      expect(await listRuns(world.db.drizzle, null, 1)).toMatchObject([
        { status: "done", counts: { numbers: 3 } },
      ]),
    );
  });

  it("does not reach compute", async () => {
    let computed = 0;
    const ahead = { ...newer, compute: async () => void computed++ } as Job;
    const world = await createWorld({ jobs: [ahead] });
    await enqueueRunIn(world, ahead, { upTo: 3 });
    await world.drain();
    expect(computed).toBe(0);
  });
});

describe("counts", () => {
  const counting = (count: number, counts?: z.ZodType<{ figures?: number | undefined }>) =>
    defineJob({
      name: "count-one",
      queue: "maintenance",
      description: "Counts one number.",
      payload: z.object({}),
      key: () => "all",
      attempts: 1,
      range: z.number(),
      ...(counts ? { counts } : {}),
      cut: async () => [1],
      run: async () => done({ numbers: count }),
      sum: async (_payload, given) => done(given),
    });

  it("that are not numbers fail the range that counted them", async () => {
    const job = counting(Number.NaN);
    const world = await createWorld({ jobs: [job] });
    await enqueueRunIn(world, job, {});
    await world.drain();
    expect(await world.enqueued()).toMatchObject([{ job: "count-one/range", dead: true }]);
    expect(await listRuns(world.db.drizzle, null, 1)).toMatchObject([{ status: "failed" }]);
  });

  it("under names that the sum does not know wait for a version that does", async () => {
    const job = counting(1, z.object({ figures: z.number().optional() }));
    const world = await createWorld({ jobs: [job] });
    await enqueueRunIn(world, job, {});
    await world.drain();
    expect(await world.enqueued()).toMatchObject([
      {
        job: "count-one/sum",
        dead: false,
        error: "AnotherVersion: unknown fields in the counts (numbers)",
      },
    ]);
  });
});

describe("the answer to a request that another version has prepared", () => {
  it("is not requested by a version that could not record it", async () => {
    let calls = 0;
    const job = sendJob(() => {
      calls += 1;
      throw new Error("called");
    });
    const world = await createWorld({ jobs: [job] });
    const [id] = await enqueueIn(world, job, { item: "a" });
    await world.query(
      `update outbox set request = jsonb_build_object('asks', 1, 'payload', payload || '{"currency": "EUR"}', 'request', '{}'::jsonb)`,
    );
    expect(await world.run(job, [id!])).toMatchObject({ postponed: 1 });
    expect(calls).toBe(0);
  });
});

describe("fields that parsing has dropped", () => {
  it("are found at any depth, and named by their path", () => {
    const schema = z.object({ a: z.object({ b: z.number() }), list: z.array(z.object({ c: z.number() })) });
    const stored = { a: { b: 1, x: 2 }, list: [{ c: 1 }, { c: 2, y: 3 }], z: null };
    expect(unknownFields(stored, schema.parse(stored))).toEqual(["a.x", "list[1].y", "z"]);
    expect(unknownFields({ a: { b: 1 }, list: [] }, schema.parse({ a: { b: 1 }, list: [] }))).toEqual([]);
  });
});
