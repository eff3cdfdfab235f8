import { describe, expect, it } from "vitest";
import { type EntryFilter, entriesOfRun, findEntries, loadEntry } from "../../src/queues/entries.ts";
import { createWorld, type World } from "../support/world.ts";

/** An entry in each state, of two queues, and one of an unknown job. */
async function scene(): Promise<World> {
  const world = await createWorld();
  await world.query(
    `insert into outbox (queue, job, key, payload, run_at, enqueued_at, carrier, dead_at, postponed_at, attempts, error, created_at) values
       ('commissions', 'distribute-commission', '7', '{"saleId": "7"}', now() - interval '1 minute', null, null, null, null, 0, null, now() - interval '2 hours'),
       ('commissions', 'distribute-commission', '8', '{"saleId": "8"}', now() + interval '1 hour', null, null, null, null, 3, '40001', now()),
       ('commissions', 'distribute-commission', '9', '{"saleId": "9"}', now(), now(), 'c', null, null, 0, null, now()),
       ('maintenance', 'verify-ledger/range', '1:0:0', '{"input": {"saleId": "7"}, "round": 0, "range": {}}', 'infinity', null, null, null, null, 0, null, now()),
       ('maintenance', 'gone-job', 'x', '{}', 'infinity', null, null, null, now(), 0, 'unknown job', now()),
       ('media', 'media-metadata', '5', '{"mediaId": "5"}', now(), null, null, now(), null, 15, '57P01', now())`,
  );
  return world;
}

const keysOf = async (world: World, filter: EntryFilter, limits = {}) => {
  const found = await findEntries(world.db.drizzle, world.catalogue, filter, { limit: 50, ...limits });
  return found.entries.map(({ key, state }) => `${key} ${state}`);
};

describe("entries are found", () => {
  const FILTERS: readonly (readonly [how: string, filter: EntryFilter, expected: readonly string[]])[] = [
    ["all, the newest first", {}, ["5 dead", "x held", "1:0:0 parked", "9 carried", "8 later", "7 due"]],
    ["by state: due", { state: "due" }, ["7 due"]],
    ["by state: later", { state: "later" }, ["8 later"]],
    ["by state: carried", { state: "carried" }, ["9 carried"]],
    ["by state: parked", { state: "parked" }, ["1:0:0 parked"]],
    ["by state: held", { state: "held" }, ["x held"]],
    ["by state: dead", { state: "dead" }, ["5 dead"]],
    ["by queue", { queue: "commissions" }, ["9 carried", "8 later", "7 due"]],
    ["by queue, dead ones too", { queue: "media" }, ["5 dead"]],
    ["by job, its ranges too", { job: "verify-ledger" }, ["1:0:0 parked"]],
    ["by job and state", { job: "distribute-commission", state: "later" }, ["8 later"]],
    ["by a job that this version does not know", { job: "gone-job" }, ["x held"]],
    ["by key", { key: "7" }, ["7 due"]],
    ["by a field of the payload", { field: { name: "saleId", value: "8" } }, ["8 later"]],
    [
      "by a field of the input of a range",
      { job: "verify-ledger", field: { name: "saleId", value: "7" } },
      ["1:0:0 parked"],
    ],
    ["by age", { before: new Date(Date.now() - 3_600_000) }, ["7 due"]],
    ["by error", { error: "57P" }, ["5 dead"]],
    ["not at all by values that are nowhere", { field: { name: "saleId", value: "' or true" } }, []],
  ];

  it("by state, queue, job, key, field, age and error", async () => {
    const world = await scene();
    for (const [how, filter, expected] of FILTERS) expect(await keysOf(world, filter), how).toEqual(expected);
  });

  it("in pages", async () => {
    const world = await scene();
    expect(await keysOf(world, {}, { limit: 2, offset: 2 })).toEqual(["1:0:0 parked", "9 carried"]);
  });

  it("among a bounded number that are read, and reports when there are more", async () => {
    const { db, catalogue } = await scene();
    const part = await findEntries(db.drizzle, catalogue, { error: "40001" }, { limit: 5, maxRead: 2 });
    expect(part).toMatchObject({ entries: [], matching: 0, isPartial: true });
    const whole = await findEntries(db.drizzle, catalogue, {}, { limit: 2 });
    expect(whole).toMatchObject({ matching: 6, isPartial: false });
  });

  it("by a field that is the key, with a job or a state as well, however many others there are", async () => {
    const world = await scene();
    await world.query(
      `insert into outbox (queue, job, key, payload, run_at, dead_at)
       select 'commissions', 'distribute-commission', n::text, jsonb_build_object('saleId', n::text), now(), now() + n * interval '1 second'
       from generate_series(100, 120) n`,
    );
    const field = { name: "saleId", value: "110" };
    const others: readonly EntryFilter[] = [{}, { job: "distribute-commission" }, { state: "dead" }];
    for (const other of others)
      expect(await keysOf(world, { ...other, field }, { maxRead: 8 })).toEqual(["110 dead"]);
  });
});

it("one entry has its payload, and the request without the facts it was based on", async () => {
  const world = await scene();
  const [{ id = "" } = {}] = await world.query<{ id: string }>(
    `update outbox set request = '{"request": {"to": 1}, "facts": {"secret": 2}}' where key = '8' returning id`,
  );
  expect(await loadEntry(world.db.drizzle, id)).toMatchObject({
    key: "8",
    payload: { saleId: "8" },
    request: { to: 1 },
    asks: 1,
    attempts: 3,
  });
  expect(await loadEntry(world.db.drizzle, "999999")).toBeUndefined();
});

it("entries of a run begin with those that failed", async () => {
  const world = await scene();
  const [{ id = "" } = {}] = await world.query<{ id: string }>(
    "insert into job_runs (job, trigger, input) values ('x', 'manual', '{}') returning id",
  );
  await world.query("update outbox set parent = $1 where key in ('7', '8', '5')", [id]);
  const entries = await entriesOfRun(world.db.drizzle, id, 10);
  expect(entries.map(({ state, attempts }) => [state, attempts])).toEqual([
    ["dead", 15],
    ["later", 3],
    ["due", 0],
  ]);
});
