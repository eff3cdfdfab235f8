import { expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { openDueSlots } from "../../src/schedules/due-slots.ts";
import type { Schedule } from "../../src/schedules/schedule.ts";
import { timetable } from "../../src/schedules/timetable.ts";
import { openTransaction } from "../support/open-transaction.ts";
import { pagesRead, recordStatements, rowsPassedOver } from "../support/statements.ts";
import { createWorld, type World } from "../support/world.ts";

const [UNFINISHED, FAILED, ENDED] = timetable as readonly [Schedule, Schedule, Schedule, ...Schedule[]];

/**
 * Finished runs of every schedule; one that has not finished, and one that has failed while entries of it are
 * waiting.
 */
async function plantRuns(world: World): Promise<void> {
  await world.query(
    `insert into job_runs (job, trigger, schedule, slot, input, status, finished_at)
     select s.job, 'schedule', s.name, now() - n * interval '1 hour', '{}', 'done', now()
     from unnest($1::text[], $2::text[]) s(name, job), generate_series(1, 400) n`,
    [timetable.map(({ name }) => name), timetable.map(({ job }) => job.name)],
  );
  for (const [schedule, status, finishedAt] of [
    [UNFINISHED, "running", null],
    [FAILED, "failed", new Date()],
    [ENDED, "failed", new Date()],
  ] as const)
    await world.query(
      `insert into job_runs (job, trigger, schedule, slot, input, status, finished_at)
       values ($1, 'schedule', $2, now(), '{}', $3, $4)`,
      [schedule.job.name, schedule.name, status, finishedAt],
    );
}

/** Due entries, and ranges of the failed run, which wait. */
async function plantEntries(world: World, count: number): Promise<void> {
  await world.query(
    `insert into outbox (queue, job, key, payload)
     select 'maintenance', 'note-item', gen_random_uuid()::text, '{}' from generate_series(1, $1::int)`,
    [count],
  );
  await world.query(
    `insert into outbox (queue, job, key, payload, parent)
     select 'maintenance', $2::text || '/range', gen_random_uuid()::text, '{}',
            (select id from job_runs where schedule = $3 order by slot desc limit 1)
     from generate_series(1, $1::int / 10)`,
    [count, FAILED.job.name, FAILED.name],
  );
}

/** The statement that asks which schedules are busy, as it is sent. */
async function busyStatement(world: World) {
  const work = () =>
    inTransaction(world.db, (tx) => openDueSlots(tx, timetable, world.clock.now(), () => undefined));
  const sent = await recordStatements(world, work);
  const [statement] = sent.filter(({ text }) => text.includes("select distinct s.name"));
  if (!statement) throw new Error("no statement asks which schedules are busy");
  return statement;
}

it("the query for busy schedules reads only their latest runs and the entries of these, whatever the backlog", async () => {
  // Stands still, so that no slot becomes due in between.
  const world = await createWorld({ at: "2026-06-03T03:10:30Z" });
  await plantRuns(world);
  const pages: number[] = [];
  for (const waiting of [2_000, 20_000]) {
    await plantEntries(world, waiting);
    await world.query("analyze job_runs");
    await world.query("analyze outbox");
    const statement = await busyStatement(world);
    for (const table of ["job_runs", "outbox"]) expect(await rowsPassedOver(world, statement, table)).toBe(0);
    pages.push(await pagesRead(world, statement));
    const busy = await world.query<{ name: string }>(statement.text, [...statement.values]);
    expect(busy.map(({ name }) => name).toSorted()).toEqual([UNFINISHED.name, FAILED.name].toSorted());
  }
  expect(pages[1]).toBeLessThan(2 * (pages[0] as number));
  // A few index pages for each schedule.
  expect(pages[1]).toBeLessThan(25 * timetable.length);
});

/** A run of ranges that is newer than the runs of all schedules, and has ended. */
async function endedRunOf(world: World, ranges: number): Promise<void> {
  await world.query(
    `insert into job_runs (job, trigger, input, status, finished_at) values ('calculate-matches', 'manual', '{}', 'done', now())`,
  );
  await world.query(
    `insert into outbox (queue, job, key, payload, parent)
     select 'matching', 'calculate-matches/range', 'settled-' || n, '{}', (select max(id) from job_runs)
     from generate_series(1, $1::int) n`,
    [ranges],
  );
  await world.query("delete from outbox where key like 'settled-%'");
}

it("asking which schedules are busy reads no dead rows of other runs, which a held snapshot keeps", async () => {
  const world = await createWorld({ at: "2026-06-03T03:10:30Z" });
  await plantRuns(world);
  await world.query("analyze job_runs");
  const statement = await busyStatement(world);
  const before = await pagesRead(world, statement);
  const holder = await openTransaction(world);
  await holder.query("set transaction isolation level repeatable read");
  await holder.query("set local idle_in_transaction_session_timeout = 0");
  await holder.query("select count(*) from outbox");
  await endedRunOf(world, 20_000);
  expect(await pagesRead(world, statement)).toBeLessThan(2 * before);
  await holder.end("rollback");
});
