import { describe, expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { retryDeadLetters } from "../../src/queues/dead-letters.ts";
import { done } from "../../src/queues/outcome.ts";
import { listRuns } from "../../src/queues/runs.ts";
import { openDueSlots, type ScheduleFault } from "../../src/schedules/due-slots.ts";
import { pauseSchedule, resumeSchedule } from "../../src/schedules/pause.ts";
import type { Misfire, Schedule } from "../../src/schedules/schedule.ts";
import { countQueries } from "../support/count-queries.ts";
import { note, noted, singleJob } from "../support/jobs.ts";
import { createWorld, type World } from "../support/world.ts";

let broken = false;
let faults: [schedule: string, fault: ScheduleFault][] = [];

const job = singleJob(
  async (_item, { tx, now }) => {
    if (broken) throw new Error("no");
    await note(tx, now.toISOString());
    return undefined;
  },
  { attempts: 1 },
);

const every = (pattern: string, misfire: Misfire = "once", tz = "UTC"): Schedule => ({
  name: "test-schedule",
  pattern,
  tz,
  job,
  input: { item: "slot" },
  misfire,
});

async function scheduledWorld(schedule: Schedule, at: string): Promise<World> {
  broken = false;
  faults = [];
  const world = await createWorld({ jobs: [job], timetable: [schedule], at });
  await open(world);
  return world;
}

const open = async (world: World): Promise<string[]> => {
  const opened = await inTransaction(world.db, (tx) =>
    openDueSlots(tx, world.timetable, world.clock.now(), (schedule, fault) => faults.push([schedule, fault])),
  );
  return opened.map(({ slot }) => slot.toISOString().slice(0, 16));
};

const slotsRun = async (world: World) =>
  (await noted(world)).filter((what) => what !== "slot").map((what) => what.slice(0, 16));

describe("a schedule", () => {
  it("that is new starts now: no past slot is opened", async () => {
    const world = await scheduledWorld(every("0 * * * *", { backfill: 99 }), "2026-05-01T12:30:00Z");
    expect(await open(world)).toEqual([]);
    world.at("2026-05-01T13:00:00Z");
    expect(await open(world)).toEqual(["2026-05-01T13:00"]);
    expect(await open(world)).toEqual([]);
  });

  it("runs its job as of the slot, however late it runs", async () => {
    const world = await scheduledWorld(every("0 * * * *"), "2026-05-01T12:30:00Z");
    world.at("2026-05-01T13:20:00Z");
    await open(world);
    await world.drain();
    expect(await slotsRun(world)).toEqual(["2026-05-01T13:00"]);
    expect(await listRuns(world.db.drizzle, null, 5)).toMatchObject([
      {
        schedule: "test-schedule",
        trigger: "schedule",
        status: "done",
        slot: new Date("2026-05-01T13:00:00Z"),
      },
    ]);
  });

  it("opens a slot once when several processes check at the same time", async () => {
    const world = await scheduledWorld(every("0 * * * *"), "2026-05-01T12:30:00Z");
    world.at("2026-05-01T13:00:00Z");
    const opened = await Promise.all([1, 2, 3, 4, 5].map(() => open(world)));
    expect(opened.flat()).toEqual(["2026-05-01T13:00"]);
    expect(await world.enqueued()).toHaveLength(1);
  });

  it.each([
    ["once", "once" as const, ["2026-05-01T18:00"]],
    ["skip", "skip" as const, []],
    ["backfill of 3", { backfill: 3 }, ["2026-05-01T16:00", "2026-05-01T17:00", "2026-05-01T18:00"]],
    [
      "backfill of 99",
      { backfill: 99 },
      [
        "2026-05-01T13:00",
        "2026-05-01T14:00",
        "2026-05-01T15:00",
        "2026-05-01T16:00",
        "2026-05-01T17:00",
        "2026-05-01T18:00",
      ],
    ],
  ])("after downtime runs by its misfire policy: %s", async (_name, misfire, expected) => {
    const world = await scheduledWorld(every("0 * * * *", misfire), "2026-05-01T12:30:00Z");
    world.at("2026-05-01T18:10:00Z");
    await open(world);
    await world.drain();
    expect(await slotsRun(world)).toEqual(expected);
    expect(await open(world)).toEqual([]);
  });

  it("with `skip` still runs a slot that is less than a minute old", async () => {
    const world = await scheduledWorld(every("0 * * * *", "skip"), "2026-05-01T12:30:00Z");
    world.at("2026-05-01T18:00:59Z");
    expect(await open(world)).toEqual(["2026-05-01T18:00"]);
  });

  it("never overlaps itself: the next slot waits, and is opened in the transaction that ends the run", async () => {
    const world = await scheduledWorld(every("0 * * * *"), "2026-05-01T12:30:00Z");
    world.at("2026-05-01T13:00:00Z");
    await open(world);
    world.at("2026-05-01T14:00:00Z");
    expect(await open(world)).toEqual([]);
    const [entry] = await world.enqueued();
    await world.run(job, [entry!.id]);
    expect(await world.enqueued()).toHaveLength(1);
    expect(await open(world)).toEqual([]);
    await world.drain();
    expect(await slotsRun(world)).toEqual(["2026-05-01T13:00", "2026-05-01T14:00"]);
  });

  it("continues after a failed run, and the dead letter keeps its own slot", async () => {
    const world = await scheduledWorld(every("0 * * * *"), "2026-05-01T12:30:00Z");
    world.at("2026-05-01T13:00:00Z");
    await open(world);
    broken = true;
    await world.drain();
    broken = false;
    world.at("2026-05-01T14:00:00Z");
    expect(await open(world)).toEqual(["2026-05-01T14:00"]);
    await world.drain();
    await inTransaction(world.db, (tx) =>
      retryDeadLetters(tx, {}, { actor: "test", reason: "fixed", catalogue: world.catalogue }),
    );
    await world.drain();
    expect(await slotsRun(world)).toEqual(["2026-05-01T14:00", "2026-05-01T13:00"]);
  });

  it("waits while entries of a failed run are unfinished", async () => {
    const world = await scheduledWorld(every("0 * * * *"), "2026-05-01T12:30:00Z");
    world.at("2026-05-01T13:00:00Z");
    await open(world);
    await world.query("update job_runs set status = 'failed', finished_at = now()");
    world.at("2026-05-01T14:00:00Z");
    expect(await open(world)).toEqual([]);
    await world.query("update outbox set dead_at = now()");
    expect(await open(world)).toEqual(["2026-05-01T14:00"]);
  });

  it("whose last slot lies in the future because of a wrong clock fires again at once, and reports it", async () => {
    const world = await scheduledWorld(every("0 * * * *"), "2026-05-01T12:30:00Z");
    world.at("2026-05-03T13:00:00Z");
    expect(await open(world)).toEqual(["2026-05-03T13:00"]);
    await world.drain();
    world.at("2026-05-01T13:00:10Z");
    expect(await open(world)).toEqual([]);
    expect(faults).toEqual([["test-schedule", { kind: "ahead", through: new Date("2026-05-03T13:00:00Z") }]]);
    world.at("2026-05-01T14:00:00Z");
    expect(await open(world)).toEqual(["2026-05-01T14:00"]);
    await world.drain();
    world.at("2026-05-01T15:00:00Z");
    expect(await open(world)).toEqual(["2026-05-01T15:00"]);
    expect(faults).toHaveLength(1);
  });

  it("set back after a wrong clock does not open the early slot again", async () => {
    const world = await scheduledWorld(every("0 * * * *"), "2026-05-01T12:30:00Z");
    world.at("2026-05-01T15:00:00Z");
    await open(world);
    await world.drain();
    world.at("2026-05-01T13:10:00Z");
    await open(world);
    for (const [at, expected] of [
      ["2026-05-01T14:00:00Z", ["2026-05-01T14:00"]],
      ["2026-05-01T15:00:00Z", []],
      ["2026-05-01T16:00:00Z", ["2026-05-01T16:00"]],
    ] as const) {
      world.at(at);
      expect(await open(world)).toEqual(expected);
      await world.drain();
    }
    expect(await slotsRun(world)).toEqual(["2026-05-01T15:00", "2026-05-01T14:00", "2026-05-01T16:00"]);
  });

  it("whose job was replaced fires, however the run of the former job ended", async () => {
    const world = await scheduledWorld(every("0 * * * *"), "2026-05-01T12:30:00Z");
    world.at("2026-05-01T13:00:00Z");
    await open(world);
    await world.query("update job_runs set job = 'former-job'");
    await world.query("update outbox set job = 'former-job'");
    world.at("2026-05-01T14:00:00Z");
    expect(await open(world)).toEqual(["2026-05-01T14:00"]);
  });

  it("that throws is rolled back alone, and the others are opened", async () => {
    const healthy = { ...every("0 * * * *"), name: "a-healthy-one" };
    const sick = { ...every("0 * * * *"), name: "a-sick-one", input: { item: 7 } as never };
    const wrong = { ...every("not a pattern"), name: "b-wrong-one" };
    const later = { ...every("0 * * * *"), name: "c-healthy-one" };
    const timetable = [healthy, sick, wrong, later];
    const world = await createWorld({ jobs: [job], timetable, at: "2026-05-01T12:30:00Z" });
    faults = [];
    await open(world);
    faults = [];
    world.at("2026-05-01T13:00:00Z");
    expect(await open(world)).toHaveLength(2);
    expect(faults.map(([schedule, { kind }]) => [schedule, kind])).toEqual([
      ["a-sick-one", "threw"],
      ["b-wrong-one", "threw"],
    ]);
    expect(await world.query("select schedule from job_runs order by schedule")).toEqual([
      { schedule: "a-healthy-one" },
      { schedule: "c-healthy-one" },
    ]);
  });

  it("that Postgres refuses is rolled back alone, and the others are opened", async () => {
    const timetable = ["a", "b", "c"].map((name) => ({ ...every("0 * * * *"), name }));
    const world = await createWorld({ jobs: [job], timetable, at: "2026-05-01T12:30:00Z" });
    await open(world);
    faults = [];
    await world.query(
      `create function refuse() returns trigger language plpgsql as $$ begin
         if new.schedule = 'b' then raise exception 'refused'; end if; return new; end $$`,
    );
    await world.query(
      "create trigger refuse before insert on job_runs for each row execute function refuse()",
    );
    world.at("2026-05-01T13:00:00Z");
    expect(await open(world)).toHaveLength(2);
    expect(faults.map(([schedule, { kind }]) => [schedule, kind])).toEqual([["b", "threw"]]);
    expect(
      await world.query(
        "select name, through > '2026-05-01T12:30:00Z' as opened from schedules order by name",
      ),
    ).toEqual([
      { name: "a", opened: true },
      { name: "b", opened: false },
      { name: "c", opened: true },
    ]);
    expect(await world.enqueued()).toHaveLength(2);
  });

  it("does not make opening the slots of the others cost further statements", async () => {
    const statements: number[] = [];
    for (const schedules of [1, 20]) {
      const timetable = Array.from({ length: schedules }, (_, n) => ({
        ...every("0 * * * *"),
        name: `s-${n}`,
      }));
      const world = await createWorld({ jobs: [job], timetable, at: "2026-05-01T12:30:00Z" });
      await open(world);
      world.at("2026-05-01T13:00:00Z");
      statements.push(
        await countQueries(world, async () => expect(await open(world)).toHaveLength(schedules)),
      );
    }
    expect(statements[1]).toBe(statements[0]);
  });

  it("that throws does not undo the run that it waited for", async () => {
    const world = await scheduledWorld(every("0 * * * *"), "2026-05-01T12:30:00Z");
    world.at("2026-05-01T13:00:00Z");
    await open(world);
    world.at("2026-05-01T14:00:00Z");
    await world.query(
      `create function refuse() returns trigger language plpgsql as $$ begin
         if new.slot >= '2026-05-01T14:00:00Z' then raise exception 'refused'; end if; return new; end $$`,
    );
    await world.query(
      "create trigger refuse before insert on job_runs for each row execute function refuse()",
    );
    await world.drain();
    expect(await slotsRun(world)).toEqual(["2026-05-01T13:00"]);
    expect(await listRuns(world.db.drizzle, null, 5)).toMatchObject([{ status: "done" }]);
  });

  it("whose run row cannot be deleted by the transaction that ends the run does not roll it back", async () => {
    const counting = singleJob(async () => done({ found: 0 }));
    const timetable = [{ ...every("* * * * *"), job: counting }];
    const world = await createWorld({ jobs: [counting], timetable, at: "2026-05-01T12:30:00Z" });
    await open(world);
    world.at("2026-05-01T13:00:00Z");
    await open(world);
    await world.query(
      "create function refuse() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$",
    );
    await world.query(
      "create trigger refuse before delete on job_runs for each row execute function refuse()",
    );
    const [entry] = await world.enqueued();
    expect(await world.run(counting, [entry!.id])).toMatchObject({ done: 1 });
    expect(await world.enqueued()).toEqual([]);
    expect(await listRuns(world.db.drizzle, null, 5)).toMatchObject([{ status: "done" }]);
  });

  it("that is paused opens nothing, and after that runs by its misfire policy", async () => {
    const world = await scheduledWorld(every("0 * * * *"), "2026-05-01T12:30:00Z");
    const actor = { actor: "test" };
    expect(await inTransaction(world.db, (tx) => pauseSchedule(tx, "test-schedule", actor))).toBe(true);
    world.at("2026-05-01T14:10:00Z");
    expect(await open(world)).toEqual([]);
    expect(await inTransaction(world.db, (tx) => resumeSchedule(tx, "test-schedule", actor))).toBe(true);
    expect(await open(world)).toEqual(["2026-05-01T14:00"]);
  });

  it("leaves no row of a run that had nothing to do, if it fires every quarter of an hour or more often", async () => {
    for (const [pattern, counted, rows] of [
      ["* * * * *", 0, 0],
      ["*/15 * * * *", 0, 0],
      ["0 * * * *", 0, 1],
      ["* * * * *", 1, 1],
    ] as const) {
      const counting = singleJob(async () => done({ found: counted, ofOthers: 0 }));
      const timetable = [{ ...every(pattern), job: counting }];
      const world = await createWorld({ jobs: [counting], timetable, at: "2026-05-01T12:30:00Z" });
      await open(world);
      world.at("2026-05-01T13:00:00Z");
      expect(await open(world)).toEqual(["2026-05-01T13:00"]);
      await world.drain();
      expect(await world.query("select id from job_runs")).toHaveLength(rows);
      expect(await open(world)).toEqual([]);
    }
  });

  it("after a year of downtime runs its latest slot, once", async () => {
    const world = await scheduledWorld(every("* * * * *"), "2025-05-01T12:30:00Z");
    world.at("2026-05-01T12:30:30Z");
    expect(await open(world)).toEqual(["2026-05-01T12:30"]);
    await world.drain();
    expect(await open(world)).toEqual([]);
  });
});
