import { expect, it } from "vitest";
import { readJobTimes } from "../../src/queues/job-times.ts";
import { readQueueWaits } from "../../src/queues/queue-waits.ts";
import { createWorld } from "../support/world.ts";

const NOW = new Date("2026-05-02T12:05:00Z");

/** Ten minutes of a job: entries that were settled and that failed, and the time of one in ms. */
type Step = readonly [since: string, settled: number, failed: number, eachMs: number];

async function timesOf(steps: readonly Step[]) {
  const { db, query } = await createWorld();
  for (const [since, settled, failed, eachMs] of steps)
    await query(
      "insert into job_activity (since, job, carriers, settled, failed, ran_ms, longest_ms) values ($1, 'trending', 1, $2, $3, $4, $5)",
      [since, settled, failed, (settled + failed) * eachMs, eachMs * 3],
    );
  const [times, ...others] = await readJobTimes(db.drizzle, ["trending", "affinity"], NOW);
  expect(others).toEqual([]);
  return times && { ...times, failingSince: iso(times.failingSince), slowSince: iso(times.slowSince) };
}

const iso = (at: string | null): string | null => at && new Date(at).toISOString();

it("the median and the 95th percentile of the last day are weighted by attempts", async () => {
  expect(
    await timesOf([
      ["2026-05-01T12:00Z", 1_000, 0, 7],
      ["2026-05-01T12:10Z", 90, 0, 20],
      ["2026-05-02T09:00Z", 4, 0, 60],
      ["2026-05-02T10:00Z", 5, 1, 40],
      ["2026-05-02T11:00Z", 900, 0, 10],
    ]),
  ).toEqual({
    job: "trending",
    entries: 1_000,
    medianMs: 10,
    p95Ms: 20,
    longestMs: 180,
    failingSince: null,
    tried: 0,
    failed: 0,
    slowSince: null,
    slowMs: null,
    usualMs: 7,
  });
});

it("a streak of failures begins after the last ten minutes without one", async () => {
  expect(
    await timesOf([
      ["2026-05-02T09:00Z", 3, 2, 10],
      ["2026-05-02T10:00Z", 5, 0, 10],
      ["2026-05-02T11:30Z", 9, 1, 10],
      ["2026-05-02T12:00Z", 0, 2, 10],
    ]),
  ).toMatchObject({ failingSince: "2026-05-02T11:30:00.000Z", tried: 12, failed: 3 });
});

it("a job is slow since its attempts have taken twice the usual time, and a tenth of a second longer", async () => {
  const usual = Array.from({ length: 9 }, (_, n): Step => [`2026-05-01T0${n}:00Z`, 100, 0, 300]);
  expect(
    await timesOf([
      ...usual,
      ["2026-05-02T10:00Z", 50, 0, 900],
      ["2026-05-02T11:00Z", 50, 0, 500],
      ["2026-05-02T11:50Z", 30, 0, 700],
      ["2026-05-02T12:00Z", 10, 0, 1_100],
    ]),
  ).toMatchObject({ slowSince: "2026-05-02T11:50:00.000Z", slowMs: 800, usualMs: 300 });
  const short = Array.from({ length: 9 }, (_, n): Step => [`2026-05-01T0${n}:00Z`, 100, 0, 5]);
  expect(await timesOf([...short, ["2026-05-02T12:00Z", 100, 0, 90]])).toMatchObject({ slowSince: null });
});

it("a job without work for four days has no times", async () => {
  expect(await timesOf([["2026-04-28T12:00Z", 10, 0, 10]])).toBeUndefined();
});

/** A minute of a queue: carriers, what one waited, and the longest wait. */
type Minute = readonly [minute: string, carriers: number, waitedMs: number, longestMs: number];

async function waitsOf(minutes: readonly Minute[]) {
  const { db, query } = await createWorld();
  const insert = (queue: string, [minute, carriers, waitedMs, longestMs]: Minute) =>
    query("insert into queue_minutes values ($1, $2, 0, 0, 0, $3, $4, $5, 0)", [
      minute,
      queue,
      carriers,
      carriers * waitedMs,
      longestMs,
    ]);
  await insert("media", ["2026-05-02T12:04Z", 1, 9, 999_999]);
  for (const minute of minutes) await insert("feeds", minute);
  const waits = await readQueueWaits(db.drizzle, "feeds", NOW);
  return { ...waits, lateSince: iso(waits.lateSince) };
}

it("the waits of a queue are those of its carriers, and the longest also that of an entry", async () => {
  expect(
    await waitsOf([
      ["2026-05-01T11:00Z", 100, 5_000, 9_000],
      ["2026-05-02T11:00Z", 90, 20, 30],
      ["2026-05-02T11:01Z", 10, 400, 700],
      ["2026-05-02T11:02Z", 0, 0, 50_000],
    ]),
  ).toEqual({ medianMs: 20, p95Ms: 400, longestMs: 50_000, lateSince: null });
  expect(await waitsOf([])).toEqual({ medianMs: null, p95Ms: null, longestMs: null, lateSince: null });
});

it("a queue is late since the first of the minutes up to now in which work has waited for a minute", async () => {
  const late = (minute: string, longestMs = 70_000): Minute => [`2026-05-02T${minute}Z`, 1, 10, longestMs];
  const since = async (minutes: readonly Minute[]) => (await waitsOf(minutes)).lateSince?.slice(11, 16);
  expect(await since([late("11:50"), late("11:55", 20), late("12:01"), late("12:04")])).toBe("12:01");
  expect(await since([late("09:00"), late("12:02"), late("12:03"), late("12:04")])).toBe("12:02");
  expect(await since([late("11:50"), late("11:51")])).toBeUndefined();
  expect(await since([late("12:02"), late("12:04", 59_999)])).toBeUndefined();
});
