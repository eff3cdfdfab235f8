import { expect, inject, it } from "vitest";
import type { DatabaseAddress } from "../../src/db/client.ts";
import { EVENTS_SOURCE, MONEY_SOURCES } from "../../src/db/inbox.ts";
import { createServerClock } from "../../src/db/server-clock.ts";
import { openSlots } from "../../src/roles/scheduler.ts";
import { slotsBetween } from "../../src/schedules/slots.ts";
import { timetable } from "../../src/schedules/timetable.ts";
import { localDay } from "../../src/scoring/local-time.ts";
import { periodsOf, worker } from "../support/budgets.ts";
import { type Community, liveADay, openCommunity } from "../support/community-day.ts";
import { delivery, expectNoContentTwice } from "../support/emails.ts";
import { eventually } from "../support/eventually.ts";
import { organization } from "../support/factories.ts";
import { type FakeTime, fakeTime } from "../support/fake-time.ts";
import { ownPostgres } from "../support/own-postgres.ts";
import { user } from "../support/platform.ts";
import { size } from "../support/sizes.ts";
import { shiftedClock } from "../support/versions.ts";
import { createWorld, type World } from "../support/world.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
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
const STEP_MS = size(6, 3) * HOUR_MS;
/** Steps between two days in the life of the community. */
const STEPS_PER_DAY = DAY_MS / STEP_MS;
/** The second process has a wrong clock on this day. */
const WRONG = { from: Date.parse("2027-11-07T00:00:00Z"), byMs: DAY_MS };

const STEPS = STRETCHES.flatMap(([from, to]) =>
  Array.from(
    { length: (Date.parse(to) - Date.parse(from)) / STEP_MS },
    (_, n) => Date.parse(from) + n * STEP_MS,
  ),
);

const START = new Date(STEPS[0] as number);
/**
 * From here on, all kinds of records that are deleted by age have been deleted for a while. A retention later
 * than the downtime, which leaves fewer runs.
 */
const HALF_MS = Date.parse("2028-03-01T00:00:00Z");

/** Shorter than by default, so that within the year every table is as large as it ever is. */
const RETENTION = {
  AUDIT_LOG_DAYS: "90",
  EVENT_DAYS: "90",
  INBOX_DAYS: "90",
  NOTIFICATION_DAYS: "90",
};

/** What grows all year. */
const GROWS = [
  // Money is kept forever.
  "budget_awards",
  "budget_periods",
  "commissions",
  "inbox",
  ...MONEY_SOURCES.map((source) => `inbox of ${source}`),
  "ledger_entries",
  "ledger_transactions",
  "ledger_verifications",
  "token_sales",
  // Rows of the host.
  "meeting_participants",
  "meetings",
  "messages",
  "resources",
];
/** Tables that every day adds rows to, and retention empties. */
const FILLED = [
  "audit_log",
  "domain_events",
  "event_outcomes",
  `inbox of ${EVENTS_SOURCE}`,
  "notifications",
  "deliveries",
  "emails",
  "email_digests",
  "job_runs",
  "jobs",
  "meeting_reminders",
];

/**
 * Two processes whose machines have clocks of their own, and a Postgres whose clock the test sets: really, or
 * in the eyes of these processes.
 */
function processes(world: World, time: FakeTime | null) {
  const postgres = { ms: START.getTime() };
  const machine = { now: () => new Date(postgres.ms) };
  const wrong = {
    now: () =>
      postgres.ms >= WRONG.from && postgres.ms < WRONG.from + DAY_MS
        ? shiftedClock(machine, WRONG.byMs).now()
        : machine.now(),
  };
  const read = time ? {} : { read: async () => postgres.ms };
  const clocks = [machine, wrong].map((of) =>
    createServerClock({ on: world.db.drizzle, machine: of, ...read }),
  );
  const moveTo = async (ms: number) => {
    postgres.ms = ms;
    world.at(new Date(ms).toISOString());
    await time?.set(new Date(ms));
    for (const clock of clocks) await clock.measure();
  };
  return { clocks, moveTo };
}

type Person = { readonly zone: string; readonly organizationId: string; readonly userId: string };

async function personIn(world: World, zone: string): Promise<Person> {
  const organizationId = await organization(world, { timeZone: zone });
  await world.query("update organizations set budgets_from = $2 where id = $1", [organizationId, START]);
  await worker(world, organizationId, {
    points: 30,
    at: new Date(START.getTime() + DAY_MS).toISOString(),
  });
  return {
    zone,
    organizationId,
    userId: await user(world, { email: `${zone.length}@people.test`, timeZone: zone }),
  };
}

const addDeliveries = async (world: World, people: readonly Person[], ms: number): Promise<void> => {
  for (const { userId } of people)
    for (const cadence of ["hourly", "daily", "weekly"] as const)
      await delivery(world, { userId, cadence, decidedAt: new Date(ms - 1_000).toISOString() });
};

/** Lives through all steps. @returns the opened slots by schedule, and the sizes of tables at two times. */
async function liveThrough(
  world: World,
  people: readonly Person[],
  community: Community,
  time: FakeTime | null,
) {
  const { clocks, moveTo } = processes(world, time);
  const opened = new Map<string, string[]>();
  const sizes: ReadonlyMap<string, number>[] = [];
  for (const [step, ms] of STEPS.entries()) {
    await moveTo(ms);
    if (step % STEPS_PER_DAY === 0) {
      await addDeliveries(world, people, ms);
      // The next step is within the half hour before the meeting, when participants are reminded.
      await liveADay(world, community, ms + STEP_MS + 15 * MINUTE_MS);
    }
    for (const clock of step % 2 === 0 ? clocks : clocks.toReversed())
      for (const { schedule, slot } of await openSlots({ ...world, clock, serverClock: clock }, timetable))
        opened.set(schedule, [...(opened.get(schedule) ?? []), slot.toISOString()]);
    await endRuns(world);
    if (ms === HALF_MS || step === STEPS.length - 1) sizes.push(await sizesOfTables(world));
  }
  return { opened, sizes };
}

it(
  "a year in three zones fires every slot once, pays every budget once, sends no digest twice, and bounds every table",
  async ({ skip }) => {
    // In full: old records are deleted, by Postgres's own clock.
    const time = isWholeYear ? await fakeTime(START) : null;
    if (typeof time === "string") return skip(time);
    const world = await createWorld({
      timetable,
      at: START.toISOString(),
      environment: RETENTION,
      ...(time ? { database: await databaseWith(time) } : {}),
    });
    if (time) stopTimers(world);
    const people: Person[] = [];
    for (const zone of ZONES) people.push(await personIn(world, zone));
    const community = await openCommunity(
      world,
      (people[0] as Person).organizationId,
      people.map(({ userId }) => userId),
    );
    const { opened, sizes } = await liveThrough(world, people, community, time);

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
    expect(await world.query("select distinct status from token_sales")).toEqual([{ status: "applied" }]);
    expect(await world.query("select distinct outcome from event_outcomes")).toEqual([
      { outcome: "decided" },
    ]);
    expect(await world.query("select job, error from outbox where dead_at is not null")).toEqual([]);
    // Only runs that had something to do, and those of rare schedules, have rows.
    const [runs] = await world.query<{ n: number }>(
      "select count(*)::int as n from job_runs where schedule is not null and status = 'skipped' and job in ('sweep-events', 'email-instant')",
    );
    expect(runs).toEqual({ n: 0 });
    if (time) expectBounded(sizes);
  },
  size(600_000, 7_200_000),
);

/**
 * Postgres asks for the time when a timer interrupts it. libfaketime answers under a lock: where the timer
 * interrupts just that, the connection hangs for good.
 */
function stopTimers({ db }: World): void {
  const names = [
    "client_connection_check_interval",
    "statement_timeout",
    "idle_in_transaction_session_timeout",
  ];
  const statements = names.map((name) => `set ${name} = 0`).join("; ");
  db.pool.on("connect", (client) => void client.query(statements).catch(() => undefined));
}

async function databaseWith({ environment }: FakeTime): Promise<DatabaseAddress> {
  const { url } = await ownPostgres({ environment });
  return { databaseUrl: url, databaseSchema: inject("databaseSchema") };
}

async function sizesOfTables(world: World): Promise<ReadonlyMap<string, number>> {
  const tables = await world.query<{ name: string }>(
    "select relname as name from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r'",
  );
  const sizes = new Map<string, number>();
  for (const { name } of tables) {
    const [counted] = await world.query<{ n: number }>(`select count(*)::int as n from "${name}"`);
    sizes.set(name, counted?.n ?? 0);
  }
  // By job as well, so that a failure names the job.
  const runs = await world.query<{ job: string; n: number }>(
    "select job, count(*)::int as n from job_runs group by job",
  );
  for (const { job, n } of runs) sizes.set(`job_runs of ${job}`, n);
  // By source as well: what is about money stays, the rest is deleted.
  const calls = await world.query<{ source: string; n: number }>(
    "select source, count(*)::int as n from inbox group by source",
  );
  for (const { source, n } of calls) sizes.set(`inbox of ${source}`, n);
  return sizes;
}

/** A table that is bounded by its retention is about as large in July as in March. */
function expectBounded([half, end]: readonly ReadonlyMap<string, number>[]): void {
  expect(FILLED.filter((table) => !half?.get(table))).toEqual([]);
  const grown = [...(end ?? [])].filter(([table, rows]) => rows > (half?.get(table) ?? 0) * 1.25 + 20);
  expect(grown.length).toBeGreaterThan(0);
  expect(grown.filter(([table]) => !GROWS.includes(table))).toEqual([]);
}

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

/**
 * Every daily period from the first one on through the last closed one; and no gap or overlap between two
 * periods of any type.
 */
async function expectConsecutive(world: World, organizationId: string, zone: string): Promise<void> {
  const days = (await periodsOf(world, organizationId)).filter(({ type }) => type === "daily");
  const numbers = days.map(({ start }) => Date.parse(start) / DAY_MS).sort((a, b) => a - b);
  const last = localDay(new Date(STEPS.at(-1) as number), zone) - 1;
  const first = numbers[0] as number;
  expect([zone, numbers]).toEqual([zone, Array.from({ length: last - first + 1 }, (_, n) => first + n)]);
  const bounds = await world.query<{ gap: number }>(
    `select gap from (
       select extract(epoch from start_at - lag(end_at) over (partition by period_type order by period_start))::float8 as gap
       from budget_periods where organization_id = $1) b
     where gap is not null`,
    [organizationId],
  );
  expect(bounds.filter(({ gap }) => gap !== 0)).toEqual([]);
  const types = await world.query<{ type: string }>(
    "select distinct period_type as type from budget_periods where organization_id = $1 order by 1",
    [organizationId],
  );
  expect(types.map(({ type }) => type)).toEqual(["daily", "monthly", "weekly"]);
}

/** At most one daily digest per local day of a user, and one weekly digest per week. */
async function expectOneDigestEach(world: World, people: readonly Person[]): Promise<void> {
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
