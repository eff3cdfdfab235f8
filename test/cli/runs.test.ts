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

describe("the filters of commonwork runs", () => {
  it("select by status and age, and leave out scheduled runs that had nothing to do", async () => {
    const world = await createWorld();
    await world.query(
      `insert into job_runs (job, trigger, schedule, slot, input, status, counts, created_at) values
         ('verify-ledger', 'schedule', 'verify-ledger', now() - interval '3 hours', '{}', 'done', '{"ranges": 4}', now() - interval '3 hours'),
         ('calculate-matches', 'schedule', 'calculate-matches', now() - interval '2 hours', '{}', 'done', '{"matches": 0}', now() - interval '2 hours'),
         ('sweep-events', 'schedule', 'sweep-events', now(), '{}', 'skipped', '{}', now()),
         ('verify-ledger', 'manual', null, null, '{}', 'failed', '{}', now() - interval '1 hour')`,
    );
    const listed = async (...flags: string[]) =>
      JSON.parse((await cli(environmentOf(world), "runs", "--json", ...flags)).out).map(
        ({ job, status }: Record<string, string>) => `${job} ${status}`,
      );
    expect(await listed()).toEqual(["verify-ledger failed", "verify-ledger done"]);
    expect(await listed("--all")).toHaveLength(4);
    expect(await listed("--status=failed")).toEqual(["verify-ledger failed"]);
    expect(await listed("--since=90m", "--all")).toEqual(["verify-ledger failed", "sweep-events skipped"]);
    expect(await listed("--since=2026-01-01")).toHaveLength(2);
    for (const flag of ["--status=lost", "--since=yesterday"])
      expect((await cli(environmentOf(world), "runs", flag)).code).toBe(1);
  });
});

describe("commonwork jobs", () => {
  it("pauses a job for a time with a reason, lists the pauses, and resumes it", async () => {
    const world = await createWorld();
    const jobs = (...args: string[]) => cli(environmentOf(world), "jobs", ...args);
    expect((await jobs("pause", "send-emails", "--for", "2h", "--reason=provider")).out).toMatch(
      /^send-emails is paused until \d{4}-.+\.\n$/,
    );
    expect((await jobs("pauses")).out).toMatch(/^send-emails /m);
    expect((await jobs("resume", "send-emails", "--reason=back")).out).toBe("send-emails is resumed.\n");
    expect((await jobs("resume", "send-emails", "--reason=back")).out).toBe("send-emails is not paused.\n");
    expect((await jobs("pauses")).out).toBe("No job is paused.\n");
    for (const wrong of [
      ["pause", "send-emails"],
      ["pause", "no-such-job", "--reason=x"],
      ["pause", "send-emails", "--for", "8d", "--reason=x"],
      ["pause", "send-emails", "--for", "soon", "--reason=x"],
    ])
      expect(await jobs(...wrong)).toMatchObject({ code: 1 });
    expect((await jobs()).out).toMatch(/^send-emails /m);
    expect(
      await world.query("select action, details from audit_log where action like 'jobs.%' order by id"),
    ).toEqual([
      { action: "jobs.pause", details: { reason: "provider", seconds: 7_200 } },
      { action: "jobs.resume", details: { reason: "back" } },
    ]);
  });
});

describe("commonwork schedules", () => {
  it("pauses one and resumes it, with a reason for the audit log", async () => {
    const world = await createWorld();
    const schedules = (...args: string[]) => cli(environmentOf(world), "schedules", ...args);
    expect((await schedules("pause", "verify-ledger", "--reason=restore")).out).toBe(
      "verify-ledger is paused.\n",
    );
    expect((await schedules("pause", "verify-ledger")).out).toBe("verify-ledger is paused already.\n");
    expect((await schedules()).out).toMatch(/^verify-ledger .* paused since \d{4}-/m);
    expect((await schedules("resume", "verify-ledger")).out).toBe("verify-ledger is resumed.\n");
    expect((await schedules("resume", "verify-ledger")).out).toBe("verify-ledger is not paused.\n");
    expect(await schedules("pause", "no-such-one")).toMatchObject({ code: 1 });
    expect(await world.query("select action, subject, details from audit_log order by id")).toEqual([
      { action: "schedules.pause", subject: "schedules:verify-ledger", details: { reason: "restore" } },
      { action: "schedules.resume", subject: "schedules:verify-ledger", details: {} },
    ]);
  });

  it("shows a slot whose run left no row as one without work", async () => {
    const world = await createWorld();
    await world.query(
      "insert into schedules (name, through) values ('sweep-events', '2026-03-08T04:45:00Z')",
    );
    await world.query(
      `insert into job_runs (job, trigger, schedule, slot, input, status, finished_at)
       values ('sweep-events', 'schedule', 'sweep-events', '2026-03-07T04:45:00Z', '{}', 'done', now())`,
    );
    const { out } = await cli(environmentOf(world), "schedules");
    expect(out).toMatch(/^sweep-events .* 2026-03-08 04:45:00Z +no work /m);
  });

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
