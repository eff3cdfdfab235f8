import { describe, expect, it, onTestFinished } from "vitest";
import { inspectDeadLetter } from "../../src/queues/dead-letters.ts";
import { enqueue } from "../../src/queues/enqueue.ts";
import { eventually } from "../support/eventually.ts";
import { gate } from "../support/gate.ts";
import { ask, noted } from "../support/jobs.ts";
import { outsideServer, sendJob } from "../support/outside.ts";
import { createWorld } from "../support/world.ts";

async function outsideWorld(
  answer?: Parameters<typeof outsideServer>[0],
  fields?: Parameters<typeof sendJob>[1],
) {
  const outside = await outsideServer(answer);
  onTestFinished(() => outside.close());
  const job = sendJob(() => outside.url, fields);
  return { outside, job, world: await createWorld({ jobs: [job] }) };
}

/** Fails the first `n` calls. */
const failing = (times: number): Parameters<typeof outsideServer>[0] => {
  let left = times;
  return (_body, response) => {
    response.statusCode = left-- > 0 ? 500 : 200;
    response.end("ok");
  };
};

describe("a job with an outside call", () => {
  it("prepares, calls and records once", async () => {
    const { outside, job, world } = await outsideWorld();
    expect(await world.perform(job, { item: "a" })).toMatchObject({ done: 1, counts: { sent: 1 } });
    expect(outside.bodies).toHaveLength(1);
    expect(await noted(world)).toEqual(["a: ok"]);
    expect(await world.enqueued()).toEqual([]);
  });

  it("makes no call when there is nothing to send", async () => {
    const { outside, job, world } = await outsideWorld();
    expect(await world.perform(job, { item: "a", value: "nothing" })).toMatchObject({ skipped: 1 });
    expect(outside.bodies).toEqual([]);
    expect(await world.enqueued()).toEqual([]);
  });

  it("holds no transaction open while it waits for the answer", async () => {
    const { job, world } = await outsideWorld(async (_body, response) => {
      const open = await world.query(
        "select 1 from pg_stat_activity where datname = current_database() and xact_start is not null and pid <> pg_backend_pid()",
      );
      response.end(`${open.length} open`);
    });
    await world.perform(job, { item: "a" });
    expect(await noted(world)).toEqual(["a: 0 open"]);
  });

  it("sends the same bytes in every attempt, including the first", async () => {
    const { outside, job, world } = await outsideWorld(failing(2));
    const [id] = await ask(world, job, { item: "a" });
    for (const end of ["retry", "retry", "done"])
      expect(await world.run(job, [id!])).toMatchObject({ [end]: 1 });
    expect(outside.bodies).toHaveLength(3);
    expect(new Set(outside.bodies).size).toBe(1);
  });

  it("uses an attempt when the other side refuses the connection: it is not mistaken for a lost Postgres", async () => {
    const { outside, job, world } = await outsideWorld();
    await outside.close();
    expect(await world.perform(job, { item: "a" })).toMatchObject({ retry: 1 });
    expect(await world.enqueued()).toMatchObject([{ attempts: 1, error: "call: ECONNREFUSED" }]);
  });

  it("abandons a hanging call at its time limit", async () => {
    const { job, world } = await outsideWorld(() => undefined, { timeLimitMs: 200 });
    expect(await world.perform(job, { item: "a" })).toMatchObject({ retry: 1 });
    expect((await world.enqueued())[0]?.error).toMatch(/^TimeLimitExceeded/);
  });

  it("shows the request in its dead letter", async () => {
    const { job, world } = await outsideWorld(failing(99), { attempts: 1 });
    const [id] = await ask(world, job, { item: "a" });
    await world.run(job, [id!]);
    expect(await inspectDeadLetter(world.db.drizzle, id!)).toMatchObject({
      request: { apple: "a", zebra: "a" },
      attempts: 1,
    });
  });

  it("records once when two carriers run it at the same time", async () => {
    const { job, world } = await outsideWorld();
    const [id] = await ask(world, job, { item: "a" });
    const tallies = await Promise.all([1, 2, 3].map(() => world.run(job, [id!])));
    expect(tallies.reduce((sum, tally) => sum + tally.done, 0)).toBe(1);
    expect(tallies.reduce((sum, tally) => sum + tally.duplicate, 0)).toBe(2);
    expect(await noted(world)).toEqual(["a: ok"]);
  });
});

describe("enqueueing a job with an outside call again", () => {
  it("before the call updates the entry", async () => {
    const { outside, job, world } = await outsideWorld();
    await ask(world, job, { item: "a", value: "1" });
    await ask(world, job, { item: "a", value: "2" });
    await world.drain();
    expect(await noted(world)).toEqual(["2: ok"]);
    expect(outside.bodies).toHaveLength(1);
  });

  it("during the call leads to another call", async () => {
    const inFlight = gate();
    const answer = gate();
    const { job, world } = await outsideWorld(async (_body, response) => {
      inFlight.open();
      await answer.passed;
      response.end("ok");
    });
    const [id] = await ask(world, job, { item: "a", value: "1" });
    const run = world.run(job, [id!]);
    await inFlight.passed;
    await ask(world, job, { item: "a", value: "2" });
    answer.open();
    expect(await run).toMatchObject({ done: 1 });
    expect(await noted(world)).toEqual(["1: ok"]);
    expect(await world.enqueued()).toMatchObject([{ key: "a", attempts: 0 }]);
    await world.drain();
    expect(await noted(world)).toEqual(["1: ok", "2: ok"]);
    expect(await world.enqueued()).toEqual([]);
  });

  it("between two attempts leads to another request", async () => {
    const { job, world } = await outsideWorld(failing(1));
    const [id] = await ask(world, job, { item: "a", value: "1" });
    expect(await world.run(job, [id!])).toMatchObject({ retry: 1 });
    await ask(world, job, { item: "a", value: "2" });
    await world.skipBackOff();
    await world.drain();
    expect(await noted(world)).toEqual(["1: ok", "2: ok"]);
    expect(await world.enqueued()).toEqual([]);
  });

  it("is not settled by the late answer to an earlier request", async () => {
    const firstAnswer = gate();
    let calls = 0;
    const { job, world } = await outsideWorld(async (_body, response) => {
      if (++calls === 1) await firstAnswer.passed;
      response.end(`answer ${calls}`);
    });
    const [id] = await ask(world, job, { item: "a", value: "1" });
    const slow = world.run(job, [id!]);
    await eventually(() => expect(calls).toBe(1));
    await ask(world, job, { item: "a", value: "2" });
    // Another carrier sends the same request again and records it; the entry is due again because it was
    // enqueued twice.
    await world.run(job, [id!]);
    await world.run(job, [id!]);
    firstAnswer.open();
    expect(await slow).toMatchObject({ duplicate: 1 });
    expect(await noted(world)).toEqual(["1: answer 2", "2: answer 3"]);
    expect(await world.enqueued()).toEqual([]);
  });

  it("by the job itself, in record, leads to another call", async () => {
    const { outside, job, world } = await outsideWorld();
    const twice: typeof job = {
      ...job,
      name: "send-twice",
      record: async (payload, answer, context) => {
        if (payload.value !== "2") await enqueue(context.tx, twice, { ...payload, value: "2" });
        return job.record(payload, answer, context);
      },
    };
    const other = await createWorld({ jobs: [twice] });
    expect(await other.perform(twice, { item: "a", value: "1" })).toMatchObject({ done: 1 });
    expect(await other.enqueued()).toMatchObject([{ payload: { item: "a", value: "2" }, attempts: 0 }]);
    await other.drain();
    expect(await noted(other)).toEqual(["1: ok", "2: ok"]);
    expect(outside.bodies).toHaveLength(2);
    expect(await other.enqueued()).toEqual([]);
    expect(await world.enqueued()).toEqual([]);
  });

  it("after the call adds a new entry", async () => {
    const { outside, job, world } = await outsideWorld();
    await world.perform(job, { item: "a", value: "1" });
    await world.perform(job, { item: "a", value: "2" });
    expect(outside.bodies).toHaveLength(2);
    expect(await noted(world)).toEqual(["1: ok", "2: ok"]);
  });
});
