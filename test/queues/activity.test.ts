import { expect, it } from "vitest";
import { createActivity, readActivity, recordWaits } from "../../src/queues/activity.ts";
import { singleJob } from "../support/jobs.ts";
import { createWorld } from "../support/world.ts";

const AT = new Date("2026-05-01T12:30:20Z");
const SINCE = new Date("2026-05-01T12:00:00Z");
const seconds = (text: string) => new Date(text).getTime() / 1_000;

const carrier = (
  fields: Partial<{ done: number; retry: number; dead: number; waitedMs: number | null }> = {},
) => ({
  queue: "commissions" as const,
  job: "distribute-commission",
  tally: { done: fields.done ?? 0, skipped: 0, retry: fields.retry ?? 0, dead: fields.dead ?? 0 },
  waitedMs: fields.waitedMs ?? null,
  tookMs: 40,
});

it("processes add what their carriers did to the same minutes", async () => {
  const { db, query } = await createWorld({ at: "2026-05-01T12:31:00Z" });
  const [one, other] = [createActivity(), createActivity()];
  one.record(carrier({ done: 200, waitedMs: 30 }), AT);
  one.record(carrier({ retry: 1, waitedMs: 500 }), AT);
  other.record(carrier({ done: 5, dead: 2, waitedMs: 90 }), AT);
  await one.write(db.drizzle);
  await other.write(db.drizzle);
  await one.write(db.drizzle);
  expect(await readActivity(db.drizzle, SINCE, 60)).toEqual([
    {
      queue: "commissions",
      atSeconds: seconds("2026-05-01T12:30:00Z"),
      settled: 205,
      retried: 1,
      died: 2,
      longestWaitMs: 500,
    },
  ]);
  expect(await query("select carriers, waited_ms from queue_minutes")).toEqual([
    { carriers: 3, waited_ms: "620" },
  ]);
});

it("steps of more than a minute add up the minutes in them", async () => {
  const { db } = await createWorld({ at: "2026-05-01T12:31:00Z" });
  const activity = createActivity();
  for (const minute of ["12:00", "12:09", "12:10"])
    activity.record(carrier({ done: 1 }), new Date(`2026-05-01T${minute}:30Z`));
  await activity.write(db.drizzle);
  const steps = await readActivity(db.drizzle, SINCE, 600);
  expect(steps.map(({ atSeconds, settled }) => [atSeconds, settled])).toEqual([
    [seconds("2026-05-01T12:00:00Z"), 2],
    [seconds("2026-05-01T12:10:00Z"), 1],
  ]);
});

it("what could not be written is written with the next call", async () => {
  const { db, query } = await createWorld({ at: "2026-05-01T12:31:00Z" });
  const activity = createActivity();
  activity.record(carrier({ done: 3 }), AT);
  const broken = { execute: () => Promise.reject(new Error("gone")) } as unknown as typeof db.drizzle;
  await expect(activity.write(broken)).rejects.toThrow("gone");
  activity.record(carrier({ done: 4 }), AT);
  await activity.write(db.drizzle);
  expect(await query("select settled from queue_minutes")).toEqual([{ settled: 7 }]);
});

it("minutes older than eight days are deleted with the next ones", async () => {
  const { db, query } = await createWorld();
  await query(
    `insert into queue_minutes values ('2026-04-22T12:30Z', 'media', 1, 0, 0, 1, 0, 0, 0),
       ('2026-04-24T12:30Z', 'media', 1, 0, 0, 1, 0, 0, 0)`,
  );
  const activity = createActivity();
  activity.record(carrier({ done: 1 }), AT);
  await activity.write(db.drizzle);
  expect(await query("select queue from queue_minutes order by minute")).toEqual([
    { queue: "media" },
    { queue: "commissions" },
  ]);
});

it("carriers of workers are counted", async () => {
  const job = singleJob();
  const world = await createWorld({ jobs: [job] });
  await world.perform(job, { item: "a" });
  await world.activity.write(world.db.drizzle);
  expect(await world.query("select queue, settled, carriers from queue_minutes")).toEqual([
    { queue: "maintenance", settled: 1, carriers: 1 },
  ]);
});

it("work that waits in Postgres counts as a wait of its queue, even while no carrier runs", async () => {
  const { db, query } = await createWorld({ at: "2026-05-01T12:31:00Z" });
  await query(
    `insert into outbox (queue, job, key, payload, run_at, enqueued_at, dead_at) values
       ('commissions', 'distribute-commission', '1', '{}', now() - interval '20 minutes', null, null),
       ('commissions', 'distribute-commission', '2', '{}', now() - interval '5 minutes', null, null),
       ('matching', 'place-volunteer', '3', '{}', now() + interval '1 hour', null, null),
       ('feeds', 'refresh-feed', '4', '{}', now() - interval '1 hour', now(), null),
       ('media', 'media-metadata', '5', '{}', now() - interval '1 hour', null, now()),
       ('maintenance', 'prune-history', '6', '{}', now() - interval '400 days', null, null)`,
  );
  const activity = createActivity();
  activity.record(carrier({ done: 1, waitedMs: 500 }), AT);
  await activity.write(db.drizzle);
  await recordWaits(db.drizzle, AT, new Map());
  const waits = async () =>
    (await readActivity(db.drizzle, SINCE, 60)).map(({ queue, settled, longestWaitMs }) => [
      queue,
      settled,
      Math.floor(longestWaitMs / 60_000),
    ]);
  expect(await waits()).toEqual([
    ["commissions", 1, 20],
    ["maintenance", 0, Math.floor((2 ** 31 - 1) / 60_000)],
  ]);
  // A later and shorter wait in the same minute leaves the longest.
  await query("update outbox set run_at = now() - interval '2 minutes' where queue = 'commissions'");
  await recordWaits(db.drizzle, AT, new Map());
  expect((await waits())[0]).toEqual(["commissions", 1, 20]);
});

it("the search for waiting work begins where the due entries of a queue begin", async () => {
  const { db, query } = await createWorld({ at: "2026-05-01T12:31:00Z" });
  const [{ since }] = (await query("select (now() - interval '3 minutes')::text as since")) as [
    { since: string },
  ];
  await query(
    `insert into outbox (queue, job, key, payload, run_at) values
       ('media', 'media-metadata', '1', '{}', now() - interval '2 minutes')`,
  );
  await recordWaits(db.drizzle, AT, new Map([["media", since]]));
  expect(await readActivity(db.drizzle, SINCE, 60)).toMatchObject([{ queue: "media" }]);
});
