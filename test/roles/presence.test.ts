import { expect, it } from "vitest";
import { listProcesses, startPresence } from "../../src/roles/presence.ts";
import { VERSION } from "../../src/version.ts";
import { eventually } from "../support/eventually.ts";
import { createWorld, type World } from "../support/world.ts";

it("a process is listed while it runs, with its version, and writes its last figures when it stops", async () => {
  const world = await createWorld({ environment: { ROLES: "api,worker", WORKER_QUEUES: "media,feeds" } });
  const presence = startPresence(world);
  await eventually(async () =>
    expect(await listProcesses(world.db.drizzle)).toMatchObject([
      {
        pid: process.pid,
        version: VERSION,
        roles: ["api", "worker"],
        queues: ["media", "feeds"],
        isGone: false,
      },
    ]),
  );
  const tally = { done: 2, skipped: 0, retry: 0, dead: 0 };
  world.activity.record(
    { queue: "media", job: "media-metadata", tally, waitedMs: null, tookMs: 1 },
    new Date(),
  );
  world.metrics.stalled.inc({ queue: "media" });
  await presence.stop();
  expect(await listProcesses(world.db.drizzle)).toEqual([]);
  // The machine of the test may block its event loop, which is another rule.
  const counts = "select label, counted::int as counted from alert_counts where rule = 'WorkersLost'";
  expect(await world.query(counts)).toEqual([{ label: "media", counted: 1 }]);
  expect(await world.query("select queue, settled from queue_minutes")).toEqual([
    { queue: "media", settled: 2 },
  ]);
});

it("a process writes how long due work has waited, which no worker takes while Redis is away", async () => {
  const world = await createWorld();
  await world.query(
    "insert into outbox (queue, job, key, payload, run_at) values ('media', 'media-metadata', '1', '{}', now() - interval '10 minutes')",
  );
  const presence = startPresence(world);
  await eventually(async () =>
    expect(await world.query("select queue, longest_wait_ms >= 600000 as long from queue_minutes")).toEqual([
      { queue: "media", long: true },
    ]),
  );
  await presence.stop();
});

/** Processes by the minutes since they were seen, which are their pids as well. */
const seen = (world: World, minutes: readonly number[]) =>
  world.query(
    `insert into processes select 'p' || n, 'a', n, '1', '{api}', '{}', now(), now() - n * interval '1 minute'
     from unnest($1::int[]) n`,
    [minutes],
  );

it("a process that was not seen for an hour is deleted by the others", async () => {
  const world = await createWorld();
  await seen(world, [2, 90]);
  const presence = startPresence(world);
  await eventually(async () =>
    expect(
      (await world.query<{ pid: number }>("select pid from processes")).map(({ pid }) => pid).sort(),
    ).toEqual([2, process.pid].sort()),
  );
  await presence.stop();
});

it("a process that was not seen for a minute is gone, and after an hour it is off the list", async () => {
  const world = await createWorld();
  await seen(world, [0, 2, 90]);
  const listed = await listProcesses(world.db.drizzle);
  expect(listed.map(({ pid, isGone }) => [pid, isGone]).sort()).toEqual([
    [0, false],
    [2, true],
  ]);
});
