import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { recalculateRange } from "../../src/rewards/multiplier-range.ts";
import { advanceWatermarks } from "../../src/rewards/multiplier-scope.ts";
import { organization, type Person, volunteer } from "../support/factories.ts";
import { referenceMultipliers } from "../support/multiplier-reference.ts";
import { size } from "../support/sizes.ts";
import { type Assignment, assign } from "../support/tasks.ts";
import { createWorld, type World } from "../support/world.ts";

const DAY_MS = 24 * 3_600_000;
const EPOCH = new Date("2026-03-02T02:00:00Z").getTime();
const ALL_IDS = { from: "1", to: "1000000000000" } as const;

/** Days before the epoch, with the bounds of the windows more likely. */
const daysAgo = fc.oneof(
  fc.double({ min: -3, max: 45, noNaN: true }),
  fc.constantFrom(0, 7, 8, 29.999, 30, 30.001, 37, 0.5, -0.5),
);
const status = fc.constantFrom(
  "pending" as const,
  "submitted" as const,
  "approved" as const,
  "rejected" as const,
);

type DrawnTask = {
  who: number;
  status: "pending" | "submitted" | "approved" | "rejected";
  submitted: number | null;
  reviewed: number;
  times: number;
};
const task: fc.Arbitrary<DrawnTask> = fc.record({
  who: fc.nat(),
  status,
  submitted: fc.option(daysAgo),
  reviewed: daysAgo,
  times: fc.constantFrom(1, 1, 3, 10, 11, 31),
});

type Change =
  | { kind: "task"; task: DrawnTask }
  | { kind: "alter"; pick: number; task: DrawnTask }
  | { kind: "delete"; pick: number }
  | { kind: "level"; who: number; level: number }
  | { kind: "referrer"; who: number; to: number };
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant("task" as const), task }),
  fc.record({ kind: fc.constant("alter" as const), pick: fc.nat(), task }),
  fc.record({ kind: fc.constant("delete" as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant("level" as const), who: fc.nat(), level: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ kind: fc.constant("referrer" as const), who: fc.nat(), to: fc.nat() }),
);

const instant = (days: number) => new Date(EPOCH - Math.round(days * DAY_MS)).toISOString();

const written = (people: readonly Person[], drawn: DrawnTask): Assignment[] =>
  Array.from({ length: drawn.times }, () => ({
    assignee: people[drawn.who % people.length]!,
    status: drawn.status,
    assignedAt: instant(60),
    submittedAt: drawn.status === "pending" || drawn.submitted === null ? null : instant(drawn.submitted),
    reviewedAt: drawn.status === "approved" || drawn.status === "rejected" ? instant(drawn.reviewed) : null,
  }));

async function people(world: World, organizationId: string, referrers: readonly number[]): Promise<Person[]> {
  const made: Person[] = [];
  for (const draw of referrers) {
    const referrer = made.length > 0 && draw % 4 !== 0 ? made[draw % made.length] : undefined;
    made.push(await volunteer(world, { organizationId, ...(referrer ? { referrer } : {}) }));
  }
  return made;
}

async function apply(world: World, made: readonly Person[], what: Change): Promise<void> {
  const ids = made.map((person) => person.profileId);
  const picked = "pick" in what ? await somebodysTask(world, ids, what.pick) : undefined;
  if (what.kind === "task") await assign(world, ...written(made, what.task));
  else if (what.kind === "level")
    await world.query("update volunteer_profiles set level = $2 where id = $1", [
      ids[what.who % ids.length],
      what.level,
    ]);
  else if (what.kind === "referrer") {
    // The database refuses a cycle, and nothing has changed.
    await world
      .query("update volunteer_profiles set referrer_id = $2 where id = $1", [
        ids[what.who % ids.length],
        ids[what.to % ids.length],
      ])
      .catch(() => undefined);
    // The mark a day ahead is for concurrent transactions, of which there are none here: it would hide missed
    // changes.
    await world.query(
      "delete from multiplier_marks where due_at between now() + '23 hours' and now() + '25 hours'",
    );
  } else if (picked === undefined) return;
  else if (what.kind === "delete") await world.query("delete from task_assignments where id = $1", [picked]);
  else {
    const [row] = written(made, what.task);
    await world.query(
      "update task_assignments set assignee_id = $2, status = $3, submitted_at = $4, reviewed_at = $5 where id = $1",
      [picked, row!.assignee.profileId, row!.status, row!.submittedAt, row!.reviewedAt],
    );
  }
}

async function somebodysTask(
  world: World,
  ids: readonly string[],
  pick: number,
): Promise<string | undefined> {
  const found = await world.query<{ id: string }>(
    "select id from task_assignments where assignee_id = any($1::bigint[]) order by id",
    [ids],
  );
  return found[pick % Math.max(found.length, 1)]?.id;
}

async function recalculate(
  world: World,
  organizationId: string,
  slot: Date,
  full: boolean,
  maxHundredths: number,
) {
  return inTransaction(world.db, async (tx) => {
    const counts = await recalculateRange(tx, { ...ALL_IDS, organizationId, full, maxHundredths }, slot);
    await advanceWatermarks(tx, { organizationId, maxHundredths }, slot);
    return counts;
  });
}

async function stored(world: World, organizationId: string): Promise<Map<string, number>> {
  const found = await world.query<{ id: string; m: number }>(
    "select id, (activity_multiplier * 100)::int as m from volunteer_profiles where organization_id = $1",
    [organizationId],
  );
  return new Map(found.map(({ id, m }) => [id, m]));
}

async function expectReference(
  world: World,
  organizationId: string,
  slot: Date,
  maxHundredths: number,
): Promise<void> {
  const reference = await referenceMultipliers(world, slot, maxHundredths, organizationId);
  const values = new Map([...reference].map(([id, { multiplierHundredths }]) => [id, multiplierHundredths]));
  expect(await stored(world, organizationId)).toEqual(values);
  const history = await world.query<Record<string, number | string>>(
    `select h.* from multiplier_history h join volunteer_profiles p on p.id = h.profile_id
     where p.organization_id = $1 and calculated_at = $2`,
    [organizationId, slot],
  );
  for (const row of history) {
    const { facts, components, multiplierHundredths } = reference.get(row["profile_id"] as string)!;
    expect(row).toMatchObject({
      multiplier_hundredths: multiplierHundredths,
      level: facts.level,
      approved_in_30_days: facts.approvedIn30Days,
      active_direct_referrals: Math.min(
        facts.activeDirectReferrals,
        row["active_direct_referrals"] as number,
      ),
      days_since_last_activity: facts.daysSinceLastActivity,
      base_hundredths: components.baseHundredths,
      activity_hundredths: components.activityHundredths,
      referral_hundredths: components.referralHundredths,
      decay_millionths: components.decayMillionths,
    });
  }
}

const COMMUNITIES = size(25, 3_000);

describe("recalculateRange", () => {
  it("equals decideMultiplier on random communities, in full and step by step", {
    timeout: 300_000 + COMMUNITIES * 1_000,
  }, async () => {
    const world = await createWorld();
    const step = fc.record({
      changes: fc.array(change, { maxLength: 5 }),
      days: fc.constantFrom(0.001, 0.01, 1, 1, 3, 9, 31),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(), { minLength: 1, maxLength: 9 }),
        fc.array(task, { maxLength: 12 }),
        fc.array(step, { maxLength: 6 }),
        fc.constantFrom(300, 300, 125, 1_000),
        async (referrers, tasks, steps, maxHundredths) => {
          const organizationId = await organization(world);
          const made = await people(world, organizationId, referrers);
          for (const drawn of tasks) await assign(world, ...written(made, drawn));
          let slot = new Date(EPOCH);
          await recalculate(world, organizationId, slot, true, maxHundredths);
          await expectReference(world, organizationId, slot, maxHundredths);
          for (const { changes, days } of steps) {
            for (const what of changes) await apply(world, made, what);
            slot = new Date(slot.getTime() + days * DAY_MS);
            await recalculate(world, organizationId, slot, false, maxHundredths);
            await expectReference(world, organizationId, slot, maxHundredths);
          }
        },
      ),
      { numRuns: COMMUNITIES },
    );
  });

  it("reads each row a few times at most, also without statistics", async () => {
    const world = await createWorld();
    const organizationId = await organization(world);
    await world.query("alter table volunteer_profiles set (autovacuum_enabled = off)");
    await world.query("alter table task_assignments set (autovacuum_enabled = off)");
    await world.query(
      "insert into users (id, created_at) select n, '2020-01-01' from generate_series(100001, 102000) n",
    );
    await world.query(
      `insert into volunteer_profiles (id, user_id, organization_id, referrer_id, referral_code, created_at)
       select n, n, $1, case when n > 100010 then n - 10 end, lpad(n::text, 8, '0'), '2020-01-01' from generate_series(100001, 102000) n`,
      [organizationId],
    );
    const made = Array.from({ length: 2_000 }, (_, n) => ({ userId: "", profileId: String(100_001 + n) }));
    for (const days of [1, 9, 40, 80])
      await assign(
        world,
        ...made.map((assignee) => ({
          assignee,
          status: "approved" as const,
          submittedAt: instant(days),
          reviewedAt: instant(days),
        })),
      );
    for (const full of [true, false]) {
      const read = await inTransaction(world.db, async (tx) => {
        const range = { ...ALL_IDS, organizationId, full, maxHundredths: 300 };
        await recalculateRange(tx, range, new Date(EPOCH + (full ? 0 : DAY_MS)));
        const found = await tx.execute(
          `select sum(seq_tup_read + idx_tup_fetch)::int as read from pg_stat_xact_user_tables
           where relname in ('task_assignments', 'volunteer_profiles')`,
        );
        return (found.rows[0] as { read: number }).read;
      });
      // There are 10,000 rows; a nested loop that counts again for each profile would read millions.
      expect(read).toBeLessThan(100_000);
    }
  });
});
