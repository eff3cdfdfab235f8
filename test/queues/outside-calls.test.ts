import { describe, expect, it, onTestFinished } from "vitest";
import { LEASE_MS } from "../../src/queues/call-lease.ts";
import { FRESH } from "../../src/queues/carriers.ts";
import { inspectDeadLetter } from "../../src/queues/dead-letters.ts";
import { enqueue } from "../../src/queues/enqueue.ts";
import { relayOnce } from "../../src/queues/relay-round.ts";
import { runCarrier } from "../../src/queues/run-carrier.ts";
import { sweep } from "../../src/queues/sweep.ts";
import { executionOf } from "../../src/roles/execution.ts";
import { eventually } from "../support/eventually.ts";
import { gate } from "../support/gate.ts";
import { enqueueIn, noted } from "../support/jobs.ts";
import { outsideServer, sendJob } from "../support/outside.ts";
import { createWorld, type World } from "../support/world.ts";

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
    const [id] = await enqueueIn(world, job, { item: "a" });
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
    const [id] = await enqueueIn(world, job, { item: "a" });
    await world.run(job, [id!]);
    expect(await inspectDeadLetter(world.db.drizzle, id!)).toMatchObject({
      request: { apple: "a", zebra: "a" },
      attempts: 1,
    });
  });

  it("is called and recorded once when its carrier runs three times at once", async () => {
    const { outside, job, world } = await outsideWorld();
    const [id] = await enqueueIn(world, job, { item: "a" });
    const tallies = await Promise.all([1, 2, 3].map(() => world.run(job, [id!])));
    expect(tallies.reduce((sum, tally) => sum + tally.done, 0)).toBe(1);
    expect(tallies.reduce((sum, tally) => sum + tally.duplicate + tally.snoozed, 0)).toBe(2);
    expect(outside.bodies).toHaveLength(1);
    expect(await noted(world)).toEqual(["a: ok"]);
    expect(await world.enqueued()).toEqual([]);
  });
});

/** A call that stays open until it is answered. */
async function openCall(fields?: Parameters<typeof sendJob>[1]) {
  const inFlight = gate();
  const answer = gate();
  const scene = await outsideWorld(async (_body, response) => {
    inFlight.open();
    await answer.passed;
    response.end("ok");
  }, fields);
  const [id] = await enqueueIn(scene.world, scene.job, { item: "a" });
  const run = scene.world.run(scene.job, [id!]);
  await inFlight.passed;
  return { ...scene, id: id!, run, answer };
}

const dueInMs = async (world: World): Promise<number> => {
  const [row] = await world.query<{ ms: number }>(
    "select extract(epoch from run_at - now())::float8 * 1000 as ms from outbox",
  );
  return row!.ms;
};

describe("the lease of an outside call", () => {
  it("keeps the same carrier, run again after its lock was lost, from calling concurrently", async () => {
    const { outside, job, world, id, run, answer } = await openCall();
    expect(await world.run(job, [id])).toMatchObject({ snoozed: 1, done: 0 });
    const dueMs = await dueInMs(world);
    expect(dueMs).toBeGreaterThan(5_000);
    expect(dueMs).toBeLessThanOrEqual(LEASE_MS);
    answer.open();
    expect(await run).toMatchObject({ done: 1 });
    expect(outside.bodies).toHaveLength(1);
    expect(await noted(world)).toEqual(["a: ok"]);
    expect(await world.enqueued()).toEqual([]);
  });

  it("keeps a carrier that the sweep gave its entry from calling, and the first one from being fenced off", async () => {
    const { outside, job, world, run, answer } = await openCall();
    await eventually(async () => {
      await sweep(world, 0);
      expect(await world.query("select carrier from outbox")).toEqual([{ carrier: null }]);
    });
    await relayOnce(world);
    const [{ id, carrier } = { id: "", carrier: "" }] = await world.query<{ id: string; carrier: string }>(
      "select id, carrier from outbox",
    );
    const second = { ...FRESH, id: carrier, job: job.name, entries: [id] };
    expect(await runCarrier(executionOf(world), second, new AbortController().signal)).toMatchObject({
      snoozed: 1,
    });
    answer.open();
    expect(await run).toMatchObject({ done: 1 });
    expect(outside.bodies).toHaveLength(1);
    expect(await world.enqueued()).toEqual([]);
  });

  it("is given up with the attempt: a failed call is repeated after its back-off, not after the lease", async () => {
    const { job, world } = await outsideWorld(failing(1));
    const [id] = await enqueueIn(world, job, { item: "a" });
    expect(await world.run(job, [id!])).toMatchObject({ retry: 1 });
    expect(await world.query("select leased_by, leased_until from outbox")).toEqual([
      { leased_by: null, leased_until: null },
    ]);
    expect(await world.run(job, [id!])).toMatchObject({ done: 1 });
  });

  it("ends when it is not renewed: then another attempt may call", async () => {
    const { job, world, id, run, answer } = await openCall();
    await world.query("update outbox set leased_until = now()");
    const holder = async () =>
      (await world.query<{ by: string }>("select leased_by as by from outbox"))[0]?.by;
    const first = await holder();
    const again = world.run(job, [id]);
    await eventually(async () => expect(await holder()).not.toBe(first));
    answer.open();
    const tallies = await Promise.all([run, again]);
    expect(tallies.map(({ done }) => done)).toEqual([0, 1]);
    expect(tallies[0]).toMatchObject({ duplicate: 1, retry: 0 });
    expect(await noted(world)).toEqual(["a: ok"]);
  });

  it("an attempt that lost it neither fails the entry nor gives it back", async () => {
    const answer = gate();
    const inFlight = gate();
    const { job, world } = await outsideWorld(async (_body, response) => {
      inFlight.open();
      await answer.passed;
      response.statusCode = 500;
      response.end("no");
    });
    const [id] = await enqueueIn(world, job, { item: "a" });
    const run = world.run(job, [id!]);
    await inFlight.passed;
    await world.query("update outbox set leased_by = 'another attempt', carrier = 'another carrier'");
    answer.open();
    expect(await run).toMatchObject({ duplicate: 1, retry: 0 });
    expect(await world.query("select attempts, carrier, leased_by from outbox")).toEqual([
      { attempts: 0, carrier: "another carrier", leased_by: "another attempt" },
    ]);
  });

  it("is not needed by a carrier that is not stored in the row: it does nothing", async () => {
    const { outside, job, world } = await outsideWorld();
    const [id] = await enqueueIn(world, job, { item: "a" });
    const stranger = { ...FRESH, id: "stranger", job: job.name, entries: [id!] };
    expect(await runCarrier(executionOf(world), stranger, new AbortController().signal)).toMatchObject({
      duplicate: 1,
    });
    expect(outside.bodies).toEqual([]);
    expect(await world.enqueued()).toHaveLength(1);
  });
});

describe("enqueueing a job with an outside call again", () => {
  it("before the call updates the entry", async () => {
    const { outside, job, world } = await outsideWorld();
    await enqueueIn(world, job, { item: "a", value: "1" });
    await enqueueIn(world, job, { item: "a", value: "2" });
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
    const [id] = await enqueueIn(world, job, { item: "a", value: "1" });
    const run = world.run(job, [id!]);
    await inFlight.passed;
    await enqueueIn(world, job, { item: "a", value: "2" });
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
    const [id] = await enqueueIn(world, job, { item: "a", value: "1" });
    expect(await world.run(job, [id!])).toMatchObject({ retry: 1 });
    await enqueueIn(world, job, { item: "a", value: "2" });
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
    const [id] = await enqueueIn(world, job, { item: "a", value: "1" });
    const slow = world.run(job, [id!]);
    await eventually(() => expect(calls).toBe(1));
    await enqueueIn(world, job, { item: "a", value: "2" });
    // The first attempt seems lost: its lease has ended. Another one sends the same request again and records
    // it; the entry is due again because it was enqueued twice.
    await world.query("update outbox set leased_until = now()");
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

  it("after it died prepares a new request: the corrected payload is sent, not the one that was refused", async () => {
    const { outside, job, world } = await outsideWorld(failing(1), { attempts: 1 });
    expect(await world.perform(job, { item: "a", value: "refused" })).toMatchObject({ dead: 1 });
    await enqueueIn(world, job, { item: "a", value: "corrected" });
    await world.drain();
    expect(outside.bodies.map((body) => JSON.parse(body).zebra)).toEqual(["refused", "corrected"]);
    expect(await noted(world)).toEqual(["corrected: ok"]);
    expect(await world.enqueued()).toEqual([]);
  });
});
