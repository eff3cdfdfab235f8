import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { inTransaction } from "../../../src/db/transaction.ts";
import { retryDeadLetters } from "../../../src/queues/dead-letters.ts";
import { listRuns } from "../../../src/queues/runs.ts";
import { recalculateRange } from "../../../src/rewards/multiplier-range.ts";
import { distributeBudget } from "../../../src/workers/budgets/distribute-budget.ts";
import { recalculateMultipliers } from "../../../src/workers/multipliers/recalculate-multipliers.ts";
import { eventually } from "../../support/eventually.ts";
import { chain, organization, volunteer } from "../../support/factories.ts";
import { enqueueRunIn, performRun } from "../../support/jobs.ts";
import { referenceMultipliers } from "../../support/multiplier-reference.ts";
import { takeSale } from "../../support/sales.ts";
import { approve, assign, multiplierOf } from "../../support/tasks.ts";
import { createWorld, type World } from "../../support/world.ts";

const NOW = "2026-03-02T02:00:00Z";
const YESTERDAY = "2026-03-01T12:00:00Z";
const DAY_MS = 24 * 3_600_000;

const daysBefore = (days: number): string => new Date(Date.parse(NOW) - days * DAY_MS).toISOString();

type Counts = { calculated?: number; moved?: number };

/** Runs the job as of a time, with its ranges and sum. */
async function recalculate(
  world: World,
  at: string,
  options: { organizationId?: string; full?: boolean } = {},
): Promise<Counts> {
  world.at(at);
  const { status, counts } = await performRun(world, recalculateMultipliers, { full: false, ...options });
  expect(status).toBe("done");
  return counts;
}

const historyOf = (world: World, profileId: string) =>
  world.query<{ at: Date; previous: number; value: number }>(
    `select calculated_at as at, previous_hundredths as previous, multiplier_hundredths as value
     from multiplier_history where profile_id = $1 order by calculated_at`,
    [profileId],
  );

describe("recalculate-multipliers", () => {
  it("calculates every multiplier in the first run, and stores changes with their components", async () => {
    const world = await createWorld({ at: NOW });
    const organizationId = await organization(world);
    const active = await volunteer(world, { organizationId });
    const idle = await volunteer(world, { organizationId });
    await approve(world, active, 20, YESTERDAY);
    expect(await recalculate(world, NOW)).toEqual({ calculated: 2, moved: 1 });
    expect(await multiplierOf(world, active)).toBe(110);
    expect(await multiplierOf(world, idle)).toBe(100);
    expect(await world.query("select * from multiplier_history")).toEqual([
      {
        profile_id: active.profileId,
        calculated_at: new Date(NOW),
        previous_hundredths: 100,
        multiplier_hundredths: 110,
        level: 1,
        approved_in_30_days: 20,
        active_direct_referrals: 0,
        days_since_last_activity: 0,
        max_hundredths: 300,
        base_hundredths: 100,
        activity_hundredths: 10,
        referral_hundredths: 0,
        decay_millionths: 1_000_000,
      },
    ]);
    const [profile] = await world.query(
      "select multiplier_calculated_at as at, last_activity_at as last from volunteer_profiles where id = $1",
      [active.profileId],
    );
    expect(profile).toEqual({ at: new Date(NOW), last: new Date(YESTERDAY) });
  });

  it("twice is once: the same slot again changes nothing", async () => {
    const world = await createWorld({ at: NOW });
    const person = await volunteer(world, { organizationId: await organization(world) });
    await approve(world, person, 20, YESTERDAY);
    await recalculate(world, NOW);
    expect(await recalculate(world, NOW)).toEqual({ calculated: 0, moved: 0 });
    expect(await recalculate(world, NOW, { full: true })).toEqual({ calculated: 0, moved: 0 });
    expect(await historyOf(world, person.profileId)).toHaveLength(1);
  });

  it("recalculates nobody when nothing has happened", async () => {
    const world = await createWorld({ at: NOW });
    const people = await chain(world, await organization(world), 4);
    for (const person of people) await approve(world, person, 10, YESTERDAY);
    await recalculate(world, NOW);
    expect(await recalculate(world, "2026-03-02T03:00:00Z")).toEqual({ calculated: 0, moved: 0 });
    expect(await recalculate(world, "2026-03-02T04:00:00Z", { full: true })).toEqual({
      calculated: 4,
      moved: 0,
    });
  });

  it("recalculates volunteers who were active since, and their referrers", async () => {
    const world = await createWorld({ at: NOW });
    const [top, middle, bottom, other] = await chain(world, await organization(world), 4);
    await recalculate(world, NOW);
    await assign(world, { assignee: bottom!, status: "submitted", submittedAt: YESTERDAY });
    expect(await recalculate(world, "2026-03-02T03:00:00Z")).toEqual({ calculated: 2, moved: 1 });
    expect(await Promise.all([top, middle, bottom, other].map((p) => multiplierOf(world, p!)))).toEqual([
      100, 102, 100, 100,
    ]);
  });

  it("recalculates volunteers with an approval that left the window, and referrers of those who became inactive", async () => {
    const world = await createWorld({ at: NOW });
    const [referrer, person] = await chain(world, await organization(world), 2);
    await approve(world, person!, 10, daysBefore(29.5));
    await approve(world, referrer!, 1, daysBefore(2));
    await recalculate(world, NOW);
    expect(await multiplierOf(world, referrer!)).toBe(102);
    // (1.00 + 0.05) x 0.95^(29 / 7) is below the floor.
    expect(await multiplierOf(world, person!)).toBe(100);
    const later = new Date(Date.parse(NOW) + DAY_MS).toISOString();
    expect(await recalculate(world, later)).toEqual({ calculated: 1, moved: 1 });
    expect(await multiplierOf(world, referrer!)).toBe(100);
  });

  it("follows a decay day by day down to the floor, and then stops", async () => {
    const world = await createWorld({ at: NOW });
    const person = await volunteer(world, { organizationId: await organization(world) });
    await world.query("update volunteer_profiles set level = 3 where id = $1", [person.profileId]);
    await approve(world, person, 60, YESTERDAY);
    await recalculate(world, NOW);
    const seen = [await multiplierOf(world, person)];
    let calculated = 0;
    for (let day = 1; day <= 40; day++) {
      const counts = await recalculate(world, new Date(Date.parse(NOW) + day * DAY_MS).toISOString());
      calculated += counts.calculated ?? 0;
      seen.push(await multiplierOf(world, person));
    }
    // 1.20 + 0.20; from the eighth day on times 0.95^(days / 7), never below 1.20.
    expect(seen.slice(0, 8)).toEqual(Array(8).fill(140));
    expect(seen.slice(8, 14)).toEqual([132, 131, 130, 129, 128, 127]);
    expect(seen.slice(20, 25)).toEqual([121, 120, 120, 120, 120]);
    expect(calculated).toBeLessThanOrEqual(16);
  });

  it("sees late commits, corrections, and a new level or referrer", async () => {
    const world = await createWorld({ at: NOW });
    const organizationId = await organization(world);
    const [referrer, person] = await chain(world, organizationId, 2);
    const newcomer = await volunteer(world, { organizationId });
    const ids = await approve(world, person!, 20, YESTERDAY);
    await recalculate(world, NOW);
    expect(await multiplierOf(world, person!)).toBe(110);
    // Its time is before the last run, which could not see it.
    await approve(world, newcomer, 10, YESTERDAY);
    await world.query("update task_assignments set status = 'rejected' where id = any($1::bigint[])", [
      ids.slice(0, 11),
    ]);
    await world.query("update volunteer_profiles set level = 2 where id = $1", [referrer!.profileId]);
    await world.query("update volunteer_profiles set referrer_id = $2 where id = $1", [
      newcomer.profileId,
      referrer!.profileId,
    ]);
    await recalculate(world, "2026-03-02T03:00:00Z");
    expect(await Promise.all([referrer!, person!, newcomer].map((p) => multiplierOf(world, p)))).toEqual([
      114, 100, 105,
    ]);
    await world.query("delete from task_assignments where assignee_id = $1", [newcomer.profileId]);
    await recalculate(world, "2026-03-02T04:00:00Z");
    expect(await Promise.all([referrer!, newcomer].map((p) => multiplierOf(world, p)))).toEqual([112, 100]);
  });

  it("does not count what happened after its slot, and keeps the mark for the next run", async () => {
    const world = await createWorld({ at: NOW });
    const person = await volunteer(world, { organizationId: await organization(world) });
    await approve(world, person, 10, "2026-03-02T02:00:00Z");
    await recalculate(world, NOW);
    expect(await multiplierOf(world, person)).toBe(100);
    await recalculate(world, "2026-03-03T02:00:00Z");
    expect(await multiplierOf(world, person)).toBe(105);
  });

  it("sees a submission before its slot of a task that is approved after it", async () => {
    const world = await createWorld({ at: NOW });
    const [referrer, person] = await chain(world, await organization(world), 2);
    await recalculate(world, NOW);
    await assign(world, {
      assignee: person!,
      status: "approved",
      submittedAt: "2026-03-02T12:00:00Z",
      reviewedAt: "2026-03-04T12:00:00Z",
    });
    await recalculate(world, "2026-03-03T02:00:00Z");
    expect(await multiplierOf(world, referrer!)).toBe(102);
  });

  it("a new referrer counts earlier marks of the volunteer, even for a time after the next run", async () => {
    const world = await createWorld({ at: NOW });
    const organizationId = await organization(world);
    const [referrer, person] = [
      await volunteer(world, { organizationId }),
      await volunteer(world, { organizationId }),
    ];
    await recalculate(world, NOW);
    await approve(world, person, 1, "2026-03-03T12:00:00Z");
    await world.query("update volunteer_profiles set referrer_id = $2 where id = $1", [
      person.profileId,
      referrer.profileId,
    ]);
    // Not the mark of a day, which would hide the test case.
    await world.query("delete from multiplier_marks where due_at > now()");
    await recalculate(world, "2026-03-03T02:00:00Z");
    expect(await multiplierOf(world, referrer)).toBe(100);
    await recalculate(world, "2026-03-04T02:00:00Z");
    expect(await multiplierOf(world, referrer)).toBe(102);
  });

  it("a new referrer counts what an open transaction was writing when the referral was made", async () => {
    const world = await createWorld({ at: NOW });
    const organizationId = await organization(world);
    const [referrer, person] = [
      await volunteer(world, { organizationId }),
      await volunteer(world, { organizationId }),
    ];
    const [open] = await assign(world, { assignee: person });
    await recalculate(world, NOW);
    await inTransaction(world.db, async (tx) => {
      await tx.execute(
        sql`update task_assignments set status = 'submitted', submitted_at = ${NOW}::timestamptz where id = ${open!}`,
      );
      await world.query("update volunteer_profiles set referrer_id = $2 where id = $1", [
        person.profileId,
        referrer.profileId,
      ]);
      await recalculate(world, "2026-03-02T03:00:00Z");
    });
    await recalculate(world, "2026-03-02T04:00:00Z");
    expect(await multiplierOf(world, referrer)).toBe(102);
  });

  it("an older value never replaces a newer one, even after an unfinished run", async () => {
    const world = await createWorld({ at: NOW });
    const person = await volunteer(world, { organizationId: await organization(world) });
    await approve(world, person, 10, YESTERDAY);
    const range = { from: "1", to: "1000", organizationId: null, full: true, maxHundredths: 300 };
    const asOf = (at: string) => inTransaction(world.db, (tx) => recalculateRange(tx, range, new Date(at)));
    expect(await asOf("2026-03-02T02:01:00Z")).toEqual({ calculated: 1, moved: 1 });
    expect(await asOf("2026-02-20T02:00:00Z")).toEqual({ calculated: 0, moved: 0 });
    expect(await multiplierOf(world, person)).toBe(105);
  });

  it("of one organization leaves the others unchanged", async () => {
    const world = await createWorld({ at: NOW });
    const [one, other] = [await organization(world), await organization(world)];
    const mine = await volunteer(world, { organizationId: one });
    const theirs = await volunteer(world, { organizationId: other });
    for (const person of [mine, theirs]) await approve(world, person, 10, YESTERDAY);
    expect(await recalculate(world, NOW, { organizationId: one })).toEqual({ calculated: 1, moved: 1 });
    expect(await multiplierOf(world, theirs)).toBe(100);
    // The nightly run for all then finds the other one new and this one current.
    expect(await recalculate(world, "2026-03-02T03:00:00Z")).toEqual({ calculated: 1, moved: 1 });
    expect(await multiplierOf(world, theirs)).toBe(105);
  });

  it("is cancelled for an unknown organization, and does nothing in one without volunteers", async () => {
    const world = await createWorld({ at: NOW });
    expect(await world.perform(recalculateMultipliers, { organizationId: "999", full: false })).toMatchObject(
      { dead: 1 },
    );
    expect(await recalculate(world, NOW, { organizationId: await organization(world) })).toEqual({
      calculated: 0,
      moved: 0,
    });
  });

  it("recalculates everything when the maximum has changed", async () => {
    const [first, second] = [await createWorld({ at: NOW }), NOW];
    const person = await volunteer(first, { organizationId: await organization(first) });
    await first.query("update volunteer_profiles set level = 9 where id = $1", [person.profileId]);
    await recalculate(first, second);
    expect(await multiplierOf(first, person)).toBe(180);
    const range = { from: "1", to: "1000", organizationId: null, full: false, maxHundredths: 150 };
    const counts = await inTransaction(first.db, (tx) =>
      recalculateRange(tx, range, new Date("2026-03-02T03:00:00Z")),
    );
    expect(counts).toEqual({ calculated: 1, moved: 1 });
    expect(await multiplierOf(first, person)).toBe(150);
  });

  it("defect 17: VOLUNTEER_SCHEDULER_MAX_MULTIPLIER is the maximum", async () => {
    const world = await createWorld({ at: NOW, environment: { VOLUNTEER_SCHEDULER_MAX_MULTIPLIER: "1.05" } });
    const person = await volunteer(world, { organizationId: await organization(world) });
    await approve(world, person, 60, YESTERDAY);
    await recalculate(world, NOW);
    expect(await multiplierOf(world, person)).toBe(105);
  });

  it("defect 9: there is one formula: only the run changes a multiplier, however often it is read", async () => {
    const world = await createWorld({ at: NOW });
    const organizationId = await organization(world);
    const people = await chain(world, organizationId, 3);
    for (const person of people) await approve(world, person, 30, YESTERDAY);
    await recalculate(world, NOW);
    const values = () => Promise.all(people.map((person) => multiplierOf(world, person)));
    const before = await values();
    await takeSale(world, { buyer: people[2]! });
    await world.perform(distributeBudget, { period: "daily", organizationId });
    await world.drain();
    expect(await values()).toEqual(before);
    await recalculate(world, "2026-03-02T03:00:00Z", { full: true });
    expect(await values()).toEqual(before);
    const reference = await referenceMultipliers(
      world,
      new Date("2026-03-02T03:00:00Z"),
      300,
      organizationId,
    );
    expect(before).toEqual(people.map(({ profileId }) => reference.get(profileId)!.multiplierHundredths));
    expect(writersOf("activity_multiplier =")).toEqual(["rewards/multiplier-range.ts"]);
  });

  it("defect 15: sends as many statements for sixty volunteers as for one", async () => {
    const statements = async (count: number) => {
      const world = await createWorld({ at: NOW });
      const people = await chain(world, await organization(world), count);
      for (const person of people) await approve(world, person, 1, YESTERDAY);
      return inTransaction(world.db, async (tx) => {
        let requested = 0;
        const execute = tx.execute.bind(tx);
        tx.execute = ((statement: Parameters<typeof execute>[0]) => {
          requested += 1;
          return execute(statement);
        }) as typeof tx.execute;
        const range = { from: "1", to: "1000", organizationId: null, full: true, maxHundredths: 300 };
        await recalculateRange(tx, range, new Date(NOW));
        return requested;
      });
    };
    expect([await statements(1), await statements(60)]).toEqual([2, 2]);
  });

  it("defect 16: enqueues nothing for ancestors: after a run the outbox is empty", async () => {
    const world = await createWorld({ at: NOW });
    const people = await chain(world, await organization(world), 6);
    for (const person of people) await approve(world, person, 10, YESTERDAY);
    world.at(NOW);
    await enqueueRunIn(world, recalculateMultipliers, { full: false });
    // The cut, one range, the sum.
    expect(await world.drain()).toHaveLength(3);
    expect(await world.enqueued()).toEqual([]);
    expect(await world.query("select 1 from multiplier_marks")).toEqual([]);
  });

  it("waits while another run is in progress", async () => {
    const world = await createWorld({ at: NOW });
    await volunteer(world, { organizationId: await organization(world) });
    await enqueueRunIn(world, recalculateMultipliers, { full: false });
    const [cut] = await world.enqueued();
    await world.run({ name: cut!.job }, [cut!.id]);
    expect(await world.perform(recalculateMultipliers, { full: true })).toMatchObject({ snoozed: 1 });
    await world.drain();
    await world.skipBackOff();
    await world.drain();
    expect(
      (await listRuns(world.db.drizzle, { job: "recalculate-multipliers" }, 5)).map(({ status }) => status),
    ).toEqual(["done", "done"]);
  });

  it("a range killed half-way has written nothing; a range of an older run changes nothing newer", async () => {
    const world = await createWorld({ at: NOW });
    const person = await volunteer(world, { organizationId: await organization(world) });
    await approve(world, person, 10, YESTERDAY);
    const range = { from: "1", to: "1000", organizationId: null, full: false, maxHundredths: 300 };
    const killed = inTransaction(world.db, async (tx) => {
      await recalculateRange(tx, range, new Date(NOW));
      await tx.execute("select pg_terminate_backend(pg_backend_pid())");
    });
    await expect(killed).rejects.toThrow();
    expect(await multiplierOf(world, person)).toBe(100);
    await recalculate(world, "2026-03-03T02:00:00Z");
    expect(await multiplierOf(world, person)).toBe(105);
    await world.query(
      "update task_assignments set reviewed_at = '2026-03-02T12:00:00Z', submitted_at = '2026-03-02T12:00:00Z'",
    );
    const late = await inTransaction(world.db, (tx) => recalculateRange(tx, range, new Date(NOW)));
    expect(late).toEqual({ calculated: 0, moved: 0 });
    expect(await multiplierOf(world, person)).toBe(105);
  });

  it("fails when a range is dead, and ends when its dead letter is retried", async () => {
    const world = await createWorld({ at: NOW });
    const person = await volunteer(world, { organizationId: await organization(world) });
    await approve(world, person, 10, YESTERDAY);
    await enqueueRunIn(world, recalculateMultipliers, { full: false });
    const [cut] = await world.enqueued();
    await world.run({ name: cut!.job }, [cut!.id]);
    await world.query("alter table multiplier_history add constraint broken check (false) not valid");
    await world.query("update outbox set attempts = $1", [recalculateMultipliers.attempts - 1]);
    await world.drain();
    const run = async () => (await listRuns(world.db.drizzle, { job: "recalculate-multipliers" }, 1))[0];
    expect(await run()).toMatchObject({ status: "failed", error: "23514 broken" });
    expect(await multiplierOf(world, person)).toBe(100);
    await world.query("alter table multiplier_history drop constraint broken");
    await inTransaction(world.db, (tx) =>
      retryDeadLetters(tx, {}, { actor: "test", reason: "fixed", catalogue: world.catalogue }),
    );
    await world.drain();
    expect(await run()).toMatchObject({ status: "done", counts: { moved: 1 } });
  });

  it("runs through Redis, in ranges on any free worker", async () => {
    const world = await createWorld({ at: NOW });
    const person = await volunteer(world, { organizationId: await organization(world) });
    await approve(world, person, 10, YESTERDAY);
    await world.startWorkers();
    await enqueueRunIn(world, recalculateMultipliers, { full: false });
    world.relay.wake();
    const latest = async () => (await listRuns(world.db.drizzle, { job: "recalculate-multipliers" }, 1))[0];
    await eventually(async () =>
      expect(await latest()).toMatchObject({ status: "done", counts: { moved: 1 } }),
    );
    expect(await multiplierOf(world, person)).toBe(105);
  });

  it("does not block host transactions: activity is marked while a range is being written", async () => {
    const world = await createWorld({ at: NOW });
    const person = await volunteer(world, { organizationId: await organization(world) });
    await approve(world, person, 10, YESTERDAY);
    const range = { from: "1", to: "1000", organizationId: null, full: true, maxHundredths: 300 };
    await inTransaction(world.db, async (tx) => {
      await recalculateRange(tx, range, new Date(NOW));
      // In another transaction, while this one locks the row of the profile.
      await world.query("set lock_timeout = '2s'");
      await approve(world, person, 10, YESTERDAY);
    });
    expect(await multiplierOf(world, person)).toBe(105);
    await recalculate(world, "2026-03-02T03:00:00Z");
    expect(await multiplierOf(world, person)).toBe(110);
  });
});

/** Source files that write a column. */
function writersOf(assignment: string): string[] {
  const root = fileURLToPath(new URL("../../../src/", import.meta.url));
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && readFileSync(`${root}${file}`, "utf8").includes(assignment))
    .sort();
}
