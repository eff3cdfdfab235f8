import { expect, it } from "vitest";
import { z } from "zod";
import type { Tx } from "../../src/db/transaction.ts";
import { enqueue } from "../../src/queues/enqueue.ts";
import { defineJob, type Job } from "../../src/queues/job.ts";
import { done } from "../../src/queues/outcome.ts";
import { every } from "../../src/schedules/schedule.ts";
import { eventually } from "../support/eventually.ts";
import { note, noted } from "../support/jobs.ts";
import { size } from "../support/sizes.ts";
import { openVersion, type Version } from "../support/versions.ts";
import { createWorld, type World } from "../support/world.ts";

// A rolling deploy that takes a day. Every job records what it did; in the end each record is there once.

type Item = { item: string };
const item = z.object({ item: z.string() });
const base = { description: "A job of a test.", queue: "maintenance", payload: item } as const;
const key = (payload: Item) => payload.item;

/** A job that records its name and its item. */
const simple = (name: string, fields: { queue?: Job["queue"]; formerly?: string[] } = {}) =>
  defineJob<Item>({
    ...base,
    name,
    key,
    ...fields,
    run: async (payload, { tx }) => {
      await note(tx, `${name} ${payload.item}`);
      return done({ noted: 1 });
    },
  });

const oldPay = simple("pay-item");
/** Has a field that the old version does not know. */
const newPay = defineJob<Item & { currency?: string | undefined }>({
  ...base,
  name: "pay-item",
  key,
  payload: item.extend({ currency: z.string().optional() }),
  run: async (payload, { tx }) => {
    await note(tx, `pay-item ${payload.item}${payload.currency ? ` in ${payload.currency}` : ""}`);
    return done({ noted: 1 });
  },
});

const oldRange = z.object({ from: z.number(), to: z.number() });
const newRange = z.object({ first: z.number(), length: z.number() });
type Range = z.infer<typeof oldRange> | z.infer<typeof newRange>;
const lengthOf = (range: Range) => ("length" in range ? range.length : range.to - range.from + 1);

/** A ranged job whose ranges have changed. The new version still runs ranges of the old one. */
const count = (range: z.ZodType<Range>, cut: Range[]) =>
  defineJob<Item, Range>({
    ...base,
    name: "count-item",
    key,
    range,
    cut: async () => cut,
    run: async (part) => done({ numbers: lengthOf(part) }),
    sum: async (payload, counts, { tx }) => {
      await note(tx, `count-item ${payload.item} ${counts["numbers"]}`);
      return done(counts);
    },
  });
const oldCount = count(oldRange as never, [
  { from: 1, to: 3 },
  { from: 4, to: 7 },
]);
const newCount = count(z.union([newRange, oldRange]) as never, [
  { first: 1, length: 5 },
  { first: 6, length: 2 },
]);

const steady = simple("steady-job");
const removed = simple("removed-job");
const added = simple("added-job");
const formerName = simple("former-name");
const laterName = simple("later-name", { formerly: ["former-name"] });
const oldMover = simple("moved-job", { queue: "multipliers" });
const newMover = simple("moved-job", { queue: "recommendations" });
const hourly = { input: { item: "of a slot" } };

const SCHEDULER_ROUND_MS = 100;
/** Slots of a day, or of a week. */
const SLOTS = size(12, 24 * 7);
/** Hours between two slots. */
const APART = size(2, 1);
const CRON = `0 */${APART} * * *`;
const PER_SLOT = 3;

/** Enqueues the work of a slot in a version, and returns what has to be recorded. */
async function work(version: Version, jobs: readonly Work[], slot: number): Promise<string[]> {
  const expected: string[] = [];
  for (let n = 0; n < PER_SLOT; n++)
    for (const { job, payload = {}, recorded } of jobs) {
      const name = `${slot}-${n}`;
      await version.relay.transact((tx: Tx) => enqueue(tx, job, { item: name, ...payload }));
      expected.push(recorded(name));
    }
  return expected;
}

type Work = { job: Job; payload?: object; recorded: (item: string) => string };
const recorded = (job: unknown, name: string, suffix = "", payload = {}): Work => ({
  job: job as Job,
  payload,
  recorded: (of) => `${name} ${of}${suffix}`,
});

const OLD_WORK = [recorded(removed, "removed-job"), recorded(formerName, "former-name")];
const NEW_WORK = [recorded(added, "added-job"), recorded(laterName, "later-name")];
/** Work of which both versions have their own form, with items that tell them apart. */
const oldForm = [
  recorded(steady, "steady-job"),
  recorded(oldMover, "moved-job"),
  recorded(oldPay, "pay-item"),
  recorded(oldCount, "count-item", " 7"),
];
const newForm = [
  recorded(steady, "steady-job"),
  recorded(newMover, "moved-job"),
  recorded(newPay, "pay-item", " in EUR", { currency: "EUR" }),
  recorded(newCount, "count-item", " 7"),
];

const left = (world: World, ...names: string[]) =>
  world.query(
    "select id, job, error from outbox where cardinality($1::text[]) = 0 or job = any($1::text[])",
    [names],
  );

it("two versions side by side for a day lose nothing, do nothing twice or wrongly, and starve nothing", async () => {
  const world = await createWorld({ at: "2026-05-01T00:30:00Z" });
  // Both schedulers run, and compete for the lock: either may open the slots of an hour.
  const old = openVersion(world, {
    schedulerRoundMs: SCHEDULER_ROUND_MS,
    jobs: [steady, removed, formerName, oldMover, oldPay, oldCount],
    timetable: [
      every(CRON, steady, { name: "hourly", ...hourly }),
      every(CRON, removed, { name: "replaced", ...hourly }),
    ],
  });
  const current = openVersion(world, {
    schedulerRoundMs: SCHEDULER_ROUND_MS,
    jobs: [steady, added, laterName, newMover, newPay, newCount],
    timetable: [
      every(CRON, steady, { name: "hourly", ...hourly }),
      every(CRON, added, { name: "replaced", ...hourly }),
    ],
  });
  const expected: string[] = [];
  const runs = { old: true, current: false };
  await old.start();
  // A schedule that is new starts then.
  await eventually(async () => expect(await world.query("select 1 from schedules")).toHaveLength(2));
  for (let n = 1; n <= SLOTS; n++) {
    if (n === Math.round(SLOTS / 4)) {
      await current.start();
      runs.current = true;
    }
    if (n === Math.round((SLOTS * 3) / 4)) {
      // What only the old version can do is done before it ends.
      await eventually(async () => expect(await left(world, "removed-job")).toEqual([]));
      await old.stop();
      runs.old = false;
    }
    const slot = new Date(Date.parse("2026-05-01T00:00:00Z") + n * APART * 3_600_000).toISOString();
    world.at(slot);
    if (runs.old) expected.push(...(await work(old, [...OLD_WORK, ...oldForm], n)));
    // Items of their own, so that neither version takes over an entry of the other.
    if (runs.current) expected.push(...(await work(current, [...NEW_WORK, ...newForm], n + 1_000)));
    // Otherwise the next slot would wait.
    await eventually(async () => {
      expect(await world.query("select 1 from job_runs where slot = $1", [slot])).toHaveLength(2);
      expect(await left(world, "steady-job", "removed-job", "added-job")).toEqual([]);
    });
  }
  await eventually(async () => expect(await left(world)).toEqual([]));

  const records = await noted(world);
  const ofWork = records.filter((record) => !record.endsWith("of a slot")).map(withoutVersion);
  expect(ofWork.sort()).toEqual(expected.map(withoutVersion).sort());
  const slots = await world.query<{ schedule: string; n: number }>(
    "select schedule, count(*)::int as n from job_runs where schedule is not null and status = 'done' group by schedule order by schedule",
  );
  expect(slots).toEqual([
    { schedule: "hourly", n: SLOTS },
    { schedule: "replaced", n: SLOTS },
  ]);
  expect(records.filter((record) => record === "steady-job of a slot")).toHaveLength(SLOTS);
});

/** An entry under the former name may be run by either version. */
const withoutVersion = (record: string): string => record.replace(/^(former|later)-name/, "name");
