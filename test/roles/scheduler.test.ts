import { setImmediate as nextIteration } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createScheduler } from "../../src/roles/scheduler.ts";
import { every } from "../../src/schedules/schedule.ts";
import { eventually } from "../support/eventually.ts";
import { enqueueIn, singleJob } from "../support/jobs.ts";
import { createWorld } from "../support/world.ts";

/** How long a carrier is trusted to be on its way to Redis. */
const TRUSTED_S = 8;
const [ROUND_MS, SLOT_CHECK_MS] = [5_000, 10_000];

const job = singleJob();

async function startedScheduler() {
  const timetable = [every("* * * * *", job, { input: { item: "scheduled" } })];
  const world = await createWorld({ jobs: [job], timetable, at: "2026-05-01T12:30:30Z" });
  await eventually(() => expect(world.producers.ready()).toBe(true));
  let ended = 0;
  const wake = () => {
    ended += 1;
  };
  const scheduler = createScheduler({ ...world, relay: { ...world.relay, wake } });
  world.closing(() => scheduler.stop());
  const roundEnds = async (round: number) => {
    await eventually(() => {
      expect(ended).toBe(round);
      expect(world.db.pool.idleCount).toBe(world.db.pool.totalCount);
    });
    await nextIteration();
  };
  scheduler.start();
  await roundEnds(1);
  return { world, roundEnds };
}

describe("the rounds of the scheduler, by its own timer", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] }));
  afterEach(() => void vi.useRealTimers());

  it("free a carrier that a failover lost within 15 s", async () => {
    expect(1_000 * TRUSTED_S + ROUND_MS).toBeLessThan(15_000);
    const { world } = await startedScheduler();
    await enqueueIn(world, job, { item: "a" });
    await world.query(
      `update outbox set carrier = 'lost', enqueued_at = now() - ${TRUSTED_S} * interval '1 second'`,
    );
    vi.advanceTimersByTime(ROUND_MS);
    await eventually(async () =>
      expect(await world.query("select carrier from outbox")).toEqual([{ carrier: null }]),
    );
  });

  it("open a slot whose scheduler in Redis was lost within 15 s", async () => {
    const { world, roundEnds } = await startedScheduler();
    world.at("2026-05-01T12:31:00Z");
    vi.advanceTimersByTime(ROUND_MS);
    await roundEnds(2);
    vi.advanceTimersByTime(SLOT_CHECK_MS - ROUND_MS);
    await eventually(async () => expect(await world.query("select slot from job_runs")).toHaveLength(1));
  });
});
