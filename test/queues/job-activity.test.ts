import { expect, it } from "vitest";
import { createActivity } from "../../src/queues/activity.ts";
import { readJobActivity, readWaitingWork } from "../../src/queues/job-activity.ts";
import { createWorld } from "../support/world.ts";

const carrier = (job: string, tookMs: number, failed = 0) => ({
  queue: "feeds" as const,
  job,
  tally: { done: 10, skipped: 0, retry: failed, dead: 0 },
  waitedMs: null,
  tookMs,
});

it("processes add the time that each job took, and the slowest job comes first", async () => {
  const { db, query } = await createWorld({ at: "2026-05-01T12:31:00Z" });
  const [one, other] = [createActivity(), createActivity()];
  one.record(carrier("trending", 40), new Date("2026-05-01T12:30:20Z"));
  one.record(carrier("feed-presort", 9_000, 2), new Date("2026-05-01T12:30:20Z"));
  other.record(carrier("feed-presort", 1_000), new Date("2026-05-01T12:39:59Z"));
  other.record(carrier("feed-presort", 50), new Date("2026-05-01T12:40:00Z"));
  other.record(carrier("trending", 70_000), new Date("2026-05-01T09:00:00Z"));
  await one.write(db.drizzle);
  await other.write(db.drizzle);
  expect(
    await query("select since, carriers from job_activity where job = 'feed-presort' order by since"),
  ).toHaveLength(2);
  const names = ["trending", "feed-presort"];
  expect(await readJobActivity(db.drizzle, names, new Date("2026-05-01T12:35:00Z"))).toEqual([
    { job: "feed-presort", carriers: 3, settled: 30, failed: 2, ranMs: 10_050, longestMs: 9_000 },
    { job: "trending", carriers: 1, settled: 10, failed: 0, ranMs: 40, longestMs: 40 },
  ]);
});

it("steps older than eight days are deleted with the next ones", async () => {
  const { db, query } = await createWorld();
  await query(
    `insert into job_activity values ('2026-04-22T12:30Z', 'trending', 1, 1, 0, 1, 1), ('2026-04-24T12:30Z', 'trending', 1, 1, 0, 1, 1)`,
  );
  const activity = createActivity();
  activity.record(carrier("trending", 40), new Date("2026-05-01T12:30:20Z"));
  await activity.write(db.drizzle);
  expect(await query("select 1 from job_activity")).toHaveLength(2);
});

it("what waits in a queue is counted by the names of its entries, due and carried", async () => {
  const { db, query } = await createWorld();
  await query(
    `insert into outbox (queue, job, key, payload, run_at, enqueued_at, carrier, dead_at) values
       ('feeds', 'trending', '1', '{}', now() - interval '60 seconds', null, null, null),
       ('feeds', 'trending', '2', '{}', now() - interval '20 seconds', null, null, null),
       ('feeds', 'trending', '3', '{}', now() + interval '20 seconds', null, null, null),
       ('feeds', 'feed-presort', '4', '{}', now() - interval '90 seconds', now(), 'c', null),
       ('feeds', 'feed-presort', '5', '{}', now() - interval '900 seconds', null, null, now()),
       ('media', 'media-metadata', '6', '{}', now() - interval '900 seconds', null, null, null)`,
  );
  const waiting = await readWaitingWork(db.drizzle, "feeds", null);
  expect(
    waiting
      .map(({ name, due, carried, oldestSeconds }) => [
        name,
        due,
        carried,
        Math.floor(oldestSeconds / 30) * 30,
      ])
      .sort(),
  ).toEqual([
    ["feed-presort", 0, 1, 90],
    ["trending", 2, 0, 60],
  ]);
});
