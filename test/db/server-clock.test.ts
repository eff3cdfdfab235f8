import { describe, expect, it } from "vitest";
import { createServerClock } from "../../src/db/server-clock.ts";
import { openSlots } from "../../src/roles/scheduler.ts";
import { every } from "../../src/schedules/schedule.ts";
import { singleJob } from "../support/jobs.ts";
import { shiftedClock } from "../support/versions.ts";
import { createWorld } from "../support/world.ts";

const DAY_MS = 86_400_000;
const machine = { now: () => new Date() };

/** A clock of Postgres that the test sets. */
function postgresAt(instant: string) {
  const server = { ms: Date.parse(instant) };
  return { server, read: async () => server.ms };
}

describe("the clock of a process", () => {
  it("is Postgres's, however wrong the clock of its machine is", async () => {
    const world = await createWorld();
    for (const aheadMs of [2 * DAY_MS, -3_600_000]) {
      const clock = createServerClock({ on: world.db.drizzle, machine: shiftedClock(machine, aheadMs) });
      expect(clock.offsetMs()).toBeNull();
      expect(Math.abs(clock.now().getTime() - Date.now() - aheadMs)).toBeLessThan(60_000);
      await clock.measure();
      const [row] = await world.query<{ apart: number }>(
        "select abs(extract(epoch from clock_timestamp() - $1::timestamptz))::float8 as apart",
        [clock.now()],
      );
      expect(row!.apart).toBeLessThan(60);
      expect(Math.abs(clock.offsetMs()! - aheadMs)).toBeLessThan(60_000);
    }
  });

  it("does not follow a step of the machine's clock", async () => {
    const world = await createWorld();
    let aheadMs = 0;
    const stepped = { now: () => new Date(Date.now() + aheadMs) };
    const clock = createServerClock({ on: world.db.drizzle, machine: stepped });
    await clock.measure();
    aheadMs = DAY_MS;
    expect(Math.abs(clock.now().getTime() - Date.now())).toBeLessThan(DAY_MS / 2);
  });

  it("continues from its last measurement while Postgres is unreachable", async () => {
    const world = await createWorld();
    const { server, read } = postgresAt("2026-05-01T12:00:00Z");
    let away = false;
    const clock = createServerClock({
      on: world.db.drizzle,
      read: () => (away ? Promise.reject(new Error("away")) : read()),
    });
    await clock.measure();
    away = true;
    await expect(clock.measure()).rejects.toThrow("away");
    expect(clock.now().getTime()).toBeGreaterThanOrEqual(server.ms);
    expect(clock.now().getTime()).toBeLessThan(server.ms + 3_600_000);
  });
});

describe("slots", () => {
  const world = async () => {
    const job = singleJob();
    const { server, read } = postgresAt("2026-05-01T12:30:00Z");
    const made = await createWorld({ jobs: [job] });
    const clock = createServerClock({ on: made.db.drizzle, machine, read });
    await clock.measure();
    const timetable = [every("0 * * * *", job, { input: { item: "slot" } })];
    const open = () => openSlots({ ...made, clock, serverClock: clock }, timetable);
    return { made, server, clock, open };
  };

  it("are not opened by a process that expects another time than Postgres has", async () => {
    const { made, server, open } = await world();
    await open();
    // Postgres fails over to a server whose clock is two hours ahead.
    server.ms += 2 * 3_600_000;
    expect(await open()).toEqual([]);
    expect(await made.enqueued()).toEqual([]);
    // The process has measured the new clock.
    expect((await open()).map(({ slot }) => slot.toISOString())).toEqual(["2026-05-01T14:00:00.000Z"]);
  });

  it("are opened by Postgres's clock", async () => {
    const { server, clock, open } = await world();
    await open();
    server.ms += 1_799_000;
    await clock.measure();
    expect(await open()).toEqual([]);
    server.ms += 1_000;
    await clock.measure();
    expect(await open()).toHaveLength(1);
  });
});
