import { describe, expect, it } from "vitest";
import { listRuns } from "../../src/queues/runs.ts";
import { distributeBudget } from "../../src/workers/budgets/distribute-budget.ts";
import { sweepDueBudgets } from "../../src/workers/budgets/sweep-due-budgets.ts";
import { recalculateMultipliers } from "../../src/workers/multipliers/recalculate-multipliers.ts";
import { periodsOf, worker } from "../support/budgets.ts";
import { balanceOf, chain, organization, type Person, volunteer } from "../support/factories.ts";
import { enqueueRunIn, performRanged } from "../support/jobs.ts";
import { INSTANTS } from "../support/odd-people.ts";
import { takeSale } from "../support/sales.ts";
import { approve, multiplierOf } from "../support/tasks.ts";
import { createWorld } from "../support/world.ts";

// What a host may have in one row, and what others must not lose by it.

const TASKS = "update task_assignments set submitted_at = null, reviewed_at";
const PROFILE = "update volunteer_profiles set";

const ODD: readonly (readonly [what: string, statement: string, multiplier: number])[] = [
  ["a level that no multiplier can express", `${PROFILE} level = 2147483647 where id = $1`, 300],
  ["an approval at -infinity", `${TASKS} = '-infinity' where assignee_id = $1`, 100],
  ["an approval before Christ", `${TASKS} = '4713-01-01 BC' where assignee_id = $1`, 100],
  ["an approval at infinity", `${TASKS} = 'infinity' where assignee_id = $1`, 100],
  ["a multiplier that is no number", `${PROFILE} activity_multiplier = 'NaN' where id = $1`, 113],
  ["a negative multiplier", `${PROFILE} activity_multiplier = -999.99 where id = $1`, 113],
];

it.each([
  ["all", true],
  ["those that may have changed", false],
])("recalculate-multipliers for %s calculates the others, and every odd profile", async (_scope, full) => {
  const world = await createWorld({ at: "2026-03-02T02:00:00Z" });
  const organizationId = await organization(world);
  const ada = await volunteer(world, { organizationId });
  const odd: { what: string; statement: string; expected: number; person: Person }[] = [];
  for (const [what, statement, expected] of ODD)
    odd.push({ what, statement, expected, person: await volunteer(world, { organizationId }) });
  const approveAll = async (tasks: number, at: string) => {
    for (const person of [ada, ...odd.map(({ person }) => person)]) await approve(world, person, tasks, at);
  };
  const makeOdd = async () => {
    for (const { statement, person } of odd) await world.query(statement, [person.profileId]);
  };
  await approveAll(20, "2026-03-01T12:00:00Z");
  await enqueueRunIn(world, recalculateMultipliers, { full: true });
  await world.drain();
  await makeOdd();
  await approveAll(10, "2026-03-02T12:00:00Z");
  await makeOdd();
  world.at("2026-03-03T02:00:00Z");
  await enqueueRunIn(world, recalculateMultipliers, { full });
  await world.drain();
  expect(await listRuns(world.db.drizzle, {}, 1)).toMatchObject([{ status: "done" }]);
  expect(await multiplierOf(world, ada)).toBe(113);
  for (const { what, expected, person } of odd)
    expect(await multiplierOf(world, person), what).toBe(expected);
});

describe("distribute-budget pays everybody of an organization", () => {
  it.each([
    [
      "in which a task gives more than a number holds",
      "update task_templates set xp_reward = 2147483647, level_required = 2147483647 where id in (select template_id from task_assignments where assignee_id = $1)",
    ],
    ["with a multiplier that is no number", `${PROFILE} activity_multiplier = 'NaN' where id = $1`],
    ["with a negative multiplier", `${PROFILE} activity_multiplier = -1 where id = $1`],
  ])("%s", async (_what, statement) => {
    const world = await createWorld({ at: "2026-03-09T00:30:00Z" });
    const organizationId = await organization(world, { timeZone: "UTC" });
    const people = [];
    for (const points of [80, 20])
      people.push(await worker(world, organizationId, { points, at: "2026-03-08T12:00:00Z" }));
    await world.query(statement, [people[1]!.profileId]);
    await world.perform(distributeBudget, { period: "daily", organizationId });
    expect(await periodsOf(world, organizationId)).toMatchObject([{ eligible: 2 }]);
    for (const person of people) expect(await balanceOf(world, person)).not.toBe("0");
  });
});

it("distribute-budget refuses a pool that is no amount, and names it", async () => {
  const world = await createWorld({ at: "2026-03-09T00:30:00Z" });
  const organizationId = await organization(world, { timeZone: "UTC" });
  await worker(world, organizationId, { points: 80, at: "2026-03-08T12:00:00Z" });
  await world.query("update organizations set daily_pool_micro = 9223372036854775807");
  await world.perform(distributeBudget, { period: "daily", organizationId });
  expect(await periodsOf(world, organizationId)).toEqual([]);
  expect(await world.query("select error, dead_at is not null as dead from outbox")).toEqual([
    { error: expect.stringContaining("the pool of the organization is above"), dead: true },
  ]);
});

it.each(INSTANTS)(
  "an organization whose budgets begin at %s keeps no other one from being paid",
  async (at) => {
    const world = await createWorld({ at: "2026-03-09T00:30:00Z" });
    const odd = await organization(world, { timeZone: "UTC" });
    const usual = await organization(world, { timeZone: "UTC" });
    await world.query(
      "update organizations set budgets_from = case id when $1 then $2::timestamptz else '2026-03-08T00:00:00Z' end",
      [odd, at],
    );
    await performRanged(world, sweepDueBudgets, {});
    expect(
      await world.query(
        "select payload->>'organizationId' as id from outbox where job = 'distribute-budget'",
      ),
    ).toContainEqual({ id: usual });
  },
);

describe.each(INSTANTS)("a profile of %s", (at) => {
  it.each([
    ["referrer", "created_at", 1],
    ["buyer", "referred_at", 2],
  ] as const)("keeps no sale from being decided: the %s, %s", async (_who, column, index) => {
    const world = await createWorld();
    const people = await chain(world, await organization(world), 3);
    await world.query(`update volunteer_profiles set ${column} = $2 where id = $1`, [
      people[index]!.profileId,
      at,
    ]);
    await takeSale(world, { buyer: people[2]! });
    await world.drain();
    expect(await world.query("select distinct job from outbox")).toEqual([]);
    const [sale] = await world.query<{ status: string }>("select status from token_sales");
    expect(["applied", "held"]).toContain(sale?.status);
  });
});
