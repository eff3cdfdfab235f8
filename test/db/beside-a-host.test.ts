import { expect, it } from "vitest";
import { createScheduler } from "../../src/roles/scheduler.ts";
import { callWebhook, saleBody, serve } from "../http/support.ts";
import { eventually } from "../support/eventually.ts";
import { chain, organization } from "../support/factories.ts";
import { enqueueIn, items, noted, singleJob } from "../support/jobs.ts";
import { createWorld } from "../support/world.ts";

// Each world compares the host's schemas, definitions and rows, when it is taken down. TEST_HOST_DECOYS=1
// puts every test beside a host.

it("a sale is accepted over HTTP, paid by a worker and notified beside a host with tables of the same names", async () => {
  const world = await createWorld({ besideHost: true });
  const people = await chain(world, await organization(world), 3);
  const address = await serve(world);
  expect(await callWebhook(address, saleBody({ user_id: people[2]!.userId }))).toMatchObject({ status: 202 });
  await world.startWorkers();
  await eventually(async () => {
    expect(await world.query("select status from token_sales")).toEqual([{ status: "applied" }]);
    expect(await world.query("select 1 from notifications")).not.toEqual([]);
  });
});

it("work is relayed to workers beside a host with tables of the same names", async () => {
  const job = singleJob();
  const world = await createWorld({ besideHost: true, jobs: [job] });
  await world.startWorkers();
  await enqueueIn(world, job, ...items(20));
  await eventually(async () => expect(await noted(world)).toHaveLength(20));
  expect(await world.enqueued()).toEqual([]);
});

it("schedules are opened beside a host with tables of the same names", async () => {
  const job = singleJob();
  const world = await createWorld({
    besideHost: true,
    jobs: [job],
    timetable: [
      { name: "hourly", pattern: "0 * * * *", tz: "UTC", job, input: { item: "slot" }, misfire: "once" },
    ],
    at: "2026-05-01T01:30:00Z",
  });
  for (const instant of ["2026-05-01T01:30:00Z", "2026-05-01T02:00:00Z"]) {
    world.at(instant);
    const scheduler = createScheduler(world);
    scheduler.start();
    await scheduler.stop();
  }
  await world.drain();
  expect(await noted(world)).toEqual(["slot"]);
});
