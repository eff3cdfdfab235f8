import { expect, it } from "vitest";
import { createServerClock } from "../../src/db/server-clock.ts";
import { openSlots } from "../../src/roles/scheduler.ts";
import { slotsBetween } from "../../src/schedules/due-slots.ts";
import { timetable } from "../../src/schedules/timetable.ts";
import { localDay } from "../../src/scoring/local-time.ts";
import { periodsOf, worker } from "../support/budgets.ts";
import { delivery, expectNoContentTwice } from "../support/emails.ts";
import { eventually } from "../support/eventually.ts";
import { organization } from "../support/factories.ts";
import { user } from "../support/platform.ts";
import { size } from "../support/sizes.ts";
import { shiftedClock } from "../support/versions.ts";
import { createWorld, type World } from "../support/world.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const ZONES = ["America/New_York", "Europe/Berlin", "Asia/Kolkata"] as const;

/** Stretches in which the service runs; between them it is down. */
const YEAR = [
  ["2027-07-01T00:00:00Z", "2028-01-10T00:00:00Z"],
  ["2028-01-17T00:00:00Z", "2028-07-01T00:00:00Z"],
] as const;

/** The days around a change of the clocks, and a leap day. */
const DAYS = [
  ["2027-10-30T18:00:00Z", "2027-10-31T21:00:00Z"],
  ["2027-11-06T18:00:00Z", "2027-11-08T06:00:00Z"],
  ["2028-02-28T18:00:00Z", "2028-03-01T06:00:00Z"],
] as const;

const isWholeYear = size(0, 1) === 1;
const STRETCHES = isWholeYear ? YEAR : DAYS;
/** How often the processes look whether a slot is due. */
const STEP_MS = size(3, 1) * HOUR_MS;
/** The second process has a wrong clock on this day. */
const WRONG = { from: Date.parse("2027-11-07T00:00:00Z"), byMs: DAY_MS };

const STEPS = STRETCHES.flatMap(([from, to]) =>
  Array.from(
    { length: (Date.parse(to) - Date.parse(from)) / STEP_MS },
    (_, n) => Date.parse(from) + n * STEP_MS,
  ),
);

/** Two processes whose machines have clocks of their own, and a Postgres whose clock the test sets. */
function processes(world: World) {
  const postgres = { ms: STEPS[0] as number };
  const machine = { now: () => new Date(postgres.ms) };
  const wrong = {
    now: () =>
      postgres.ms >= WRONG.from && postgres.ms < WRONG.from + DAY_MS
        ? shiftedClock(machine, WRONG.byMs).now()
        : machine.now(),
  };
  const clocks = [machine, wrong].map((of) =>
    createServerClock({ on: world.db.drizzle, machine: of, read: async () => postgres.ms }),
  );
  return { postgres, clocks };
}

it(
  "a year in three zones fires every slot once, pays every budget once, and sends no digest twice",
  async () => {
    const world = await createWorld({ timetable, at: new Date(STEPS[0] as number).toISOString() });
    const { postgres, clocks } = processes(world);
    const people: { zone: string; organizationId: string; userId: string }[] = [];
    for (const zone of ZONES) {
      const organizationId = await organization(world, { timeZone: zone });
      await world.query("update organizations set budgets_from = $2 where id = $1", [
        organizationId,
        new Date(STEPS[0] as number),
      ]);
      await worker(world, organizationId, {
        points: 30,
        at: new Date((STEPS[0] as number) + DAY_MS).toISOString(),
      });
      people.push({
        zone,
        organizationId,
        userId: await user(world, { email: `${zone.length}@people.test`, timeZone: zone }),
      });
    }
    const opened = new Map<string, string[]>();
    for (const [step, ms] of STEPS.entries()) {
      postgres.ms = ms;
      const now = new Date(ms).toISOString();
      world.at(now);
      for (const clock of clocks) await clock.measure();
      if (step % 8 === 0)
        for (const { userId } of people)
          for (const cadence of ["hourly", "daily", "weekly"] as const)
            await delivery(world, { userId, cadence, decidedAt: new Date(ms - 1_000).toISOString() });
      for (const clock of step % 2 === 0 ? clocks : clocks.toReversed())
        for (const { schedule, slot } of await openSlots({ ...world, clock, serverClock: clock }, timetable))
          opened.set(schedule, [...(opened.get(schedule) ?? []), slot.toISOString()]);
      await endRuns(world);
    }

    for (const schedule of timetable) {
      const due = STEPS.slice(1).flatMap((ms, step) => {
        const after = new Date(STEPS[step] as number);
        return slotsBetween(schedule, after, new Date(ms))
          .slice(-1)
          .map((slot) => slot.toISOString());
      });
      expect([schedule.name, opened.get(schedule.name) ?? []]).toEqual([schedule.name, due]);
    }
    for (const { zone, organizationId } of people) await expectConsecutive(world, organizationId, zone);
    await expectOneDigestEach(world, people);
    expectNoContentTwice(world.mailbox);
    expect(await world.query("select job, error from outbox where dead_at is not null")).toEqual([]);
    // Only runs that had something to do, and those of rare schedules, have rows.
    const [runs] = await world.query<{ n: number }>(
      "select count(*)::int as n from job_runs where schedule is not null and status = 'skipped' and job in ('sweep-events', 'email-instant')",
    );
    expect(runs).toEqual({ n: 0 });
  },
  size(600_000, 7_200_000),
);

/** Runs everything to its end, also what waits for another run: otherwise the next slots would wait. */
async function endRuns(world: World): Promise<void> {
  await world.drain();
  await eventually(async () => {
    await world.skipBackOff();
    await world.drain();
    expect(await world.query("select job from outbox where dead_at is null and parent is not null")).toEqual(
      [],
    );
  });
}

/** Every daily period from the first one on, without a gap or an overlap, through the last closed one. */
async function expectConsecutive(world: World, organizationId: string, zone: string): Promise<void> {
  const days = (await periodsOf(world, organizationId)).filter(({ type }) => type === "daily");
  const numbers = days.map(({ start }) => Date.parse(start) / DAY_MS).sort((a, b) => a - b);
  const last = localDay(new Date(STEPS.at(-1) as number), zone) - 1;
  const first = numbers[0] as number;
  expect([zone, numbers]).toEqual([zone, Array.from({ length: last - first + 1 }, (_, n) => first + n)]);
  const bounds = await world.query<{ gap: number }>(
    `select extract(epoch from start_at - lag(end_at) over (order by period_start))::float8 as gap
     from budget_periods where organization_id = $1 and period_type = 'daily' order by period_start`,
    [organizationId],
  );
  expect(bounds.slice(1).every(({ gap }) => gap === 0)).toBe(true);
}

/** At most one daily digest per local day of a user, and one weekly digest per week. */
async function expectOneDigestEach(
  world: World,
  people: readonly { zone: string; userId: string }[],
): Promise<void> {
  for (const { zone, userId } of people) {
    const sent = await world.query<{ cadence: string; n: number }>(
      `select kind as cadence, count(*)::int as n from email_digests
       where user_id = $1 and kind in ('daily', 'weekly')
       group by kind, case kind when 'daily' then date_trunc('day', window_start at time zone $2)
                                      else date_trunc('week', window_start at time zone $2) end`,
      [userId, zone],
    );
    expect(sent.some(({ cadence }) => cadence === "daily")).toBe(true);
    expect(sent.filter(({ n }) => n > 1)).toEqual([]);
  }
}
