import { describe, expect, it } from "vitest";
import { cli, environmentOf } from "../support/cli.ts";
import { createWorld } from "../support/world.ts";

describe("commonwork runs", () => {
  it("lists the latest, newest first, and shows one in full", async () => {
    const world = await createWorld();
    expect((await cli(environmentOf(world), "runs")).out).toBe("There are no runs yet.\n");
    await cli(environmentOf(world), "run", "settle-unresolved-sales", "--inline");
    await cli(environmentOf(world), "run", "verify-ledger", "--inline");
    const runs = JSON.parse((await cli(environmentOf(world), "runs", "--json")).out);
    expect(runs.map(({ job, status }: Record<string, unknown>) => [job, status])).toEqual([
      ["verify-ledger", "done"],
      ["settle-unresolved-sales", "done"],
    ]);
    const one = await cli(environmentOf(world), "runs", "--job=settle-unresolved-sales", "--limit=1");
    expect(one.out).toContain("found 0");
    expect(one.out).not.toContain("verify-ledger");
    expect((await cli(environmentOf(world), "runs", runs[0].id)).out).toMatch(/^status +done$/m);
    expect(await cli(environmentOf(world), "runs", "0")).toMatchObject({
      code: 1,
      err: "There is no run 0.\n",
    });
    expect(await cli(environmentOf(world), "runs", "--limit=none")).toMatchObject({ code: 1 });
  });
});

describe("commonwork schedules", () => {
  it("shows the last slot and the next one", async () => {
    const world = await createWorld();
    await world.query(
      `insert into job_runs (job, trigger, schedule, slot, input, status, finished_at)
       values ('verify-ledger', 'schedule', 'verify-ledger', '2026-03-07T04:45:00Z', '{}', 'failed', now()),
              ('verify-ledger', 'schedule', 'verify-ledger', '2026-03-08T04:45:00Z', '{}', 'done', now())`,
    );
    const { out } = await cli(environmentOf(world), "schedules");
    expect(out).toMatch(/^verify-ledger .* UTC .* 2026-03-08 04:45:00Z +done +\d{4}-\d\d-\d\d 04:45:00Z$/m);
    const json = JSON.parse((await cli(environmentOf(world), "schedules", "--json")).out);
    for (const schedule of json) expect(new Date(schedule.nextSlot).getTime()).toBeGreaterThan(Date.now());
  });
});
