import { describe, expect, it } from "vitest";
import { distributeBudget } from "../../../src/workers/budgets/distribute-budget.ts";
import { recalculateMultipliers } from "../../../src/workers/multipliers/recalculate-multipliers.ts";
import { awardsOf, micro, periodsOf, worker } from "../../support/budgets.ts";
import { balanceOf, organization, type Person, volunteer } from "../../support/factories.ts";
import { fiveCases } from "../../support/five-cases.ts";
import { systemBalance } from "../../support/sales.ts";
import { approve, assign, template } from "../../support/tasks.ts";
import { createWorld, type World, type WorldOptions } from "../../support/world.ts";

/**
 * A Monday. The last closed day is Sunday 2026-03-08, which ends the last closed week; the last closed month
 * is February.
 */
const NOW = "2026-03-09T00:30:00Z";
const IN_DAY = "2026-03-08T12:00:00Z";
const IN_WEEK = "2026-03-05T12:00:00Z";
const IN_MONTH = "2026-02-10T12:00:00Z";

const open = async (options: WorldOptions = {}) => {
  const world = await createWorld({ at: NOW, ...options });
  return { world, organizationId: await organization(world, { timeZone: "UTC" }) };
};

const pay = (world: World, organizationId: string, period: "daily" | "weekly" | "monthly", pool?: string) =>
  world.perform(distributeBudget, { period, organizationId, ...(pool === undefined ? {} : { pool }) });

async function scene() {
  const { world, organizationId } = await open();
  const people: Person[] = [];
  for (const points of [80, 20]) people.push(await worker(world, organizationId, { points, at: IN_DAY }));
  return {
    world,
    payload: { period: "daily" as const, organizationId },
    rowGone: async () => ({ period: "daily" as const, organizationId: "999" }),
    async effectIsThereOnce() {
      const [period, ...others] = await periodsOf(world, organizationId);
      expect(others).toEqual([]);
      expect(period).toMatchObject({ start: "2026-03-08", paid: micro(75), leftover: micro(25) });
      expect(await balanceOf(world, people[0]!)).toBe(micro(50));
      expect(await balanceOf(world, people[1]!)).toBe(micro(25));
      expect(await systemBalance(world, "treasury")).toBe(micro(-75));
      expect(
        await world.query("select 1 from domain_events where event_type = 'budget.awarded'"),
      ).toHaveLength(2);
    },
    async nothingHappened() {
      expect(await periodsOf(world, organizationId)).toEqual([]);
      expect(await balanceOf(world, people[0]!)).toBe("0");
    },
  };
}

fiveCases(distributeBudget, scene);

describe("distribute-budget", () => {
  it("defect 7: a re-run does not pay the pool again, not even with another pool", async () => {
    const { world, payload, effectIsThereOnce } = await scene();
    await world.perform(distributeBudget, payload);
    const again = await world.perform(distributeBudget, { ...payload, pool: "500", start: "2026-03-08" });
    expect(again).toMatchObject({ skipped: 1, reasons: { "the period is already paid": 1 } });
    await effectIsThereOnce();
  });

  it("defect 7: a manual run and one of the sweep at the same time pay once", async () => {
    const { world, payload, effectIsThereOnce } = await scene();
    const tallies = await Promise.all([
      world.perform(distributeBudget, payload),
      world.perform(distributeBudget, { ...payload, start: "2026-03-08" }),
      world.perform(distributeBudget, { ...payload, start: "2026-03-08", pool: "100" }),
    ]);
    expect(tallies.reduce((sum, { done }) => sum + done, 0)).toBe(1);
    await effectIsThereOnce();
  });

  it("defect 8: with fewer winners than ranks the rest is leftover, and is added to the next pool", async () => {
    const { world, organizationId } = await open();
    await worker(world, organizationId, { points: 10, at: IN_DAY });
    await pay(world, organizationId, "daily");
    world.at("2026-03-10T00:30:00Z");
    await pay(world, organizationId, "daily");
    expect(await periodsOf(world, organizationId)).toMatchObject([
      { start: "2026-03-08", granted: micro(100), carried: "0", paid: micro(50), leftover: micro(50) },
      {
        start: "2026-03-09",
        granted: micro(100),
        carried: micro(50),
        pool: micro(150),
        paid: "0",
        leftover: micro(150),
      },
    ]);
  });

  it("defect 4: a monthly pool never pays more than itself", async () => {
    const { world, organizationId } = await open();
    for (const points of [40, 30, 20, 10])
      for (let n = 0; n < 4; n++) await worker(world, organizationId, { points, at: IN_MONTH, count: 10 });
    await pay(world, organizationId, "monthly", "1000");
    const [period] = await periodsOf(world, organizationId);
    expect(period).toMatchObject({ pool: micro(1000), paid: micro(1000), leftover: "0", eligible: 16 });
    expect(await systemBalance(world, "treasury")).toBe(micro(-1000));
  });

  it("defect 5: the run on the 1st at 00:00 pays the previous month", async () => {
    const { world, organizationId } = await open({ at: "2026-03-01T00:00:00Z" });
    const person = await worker(world, organizationId, { points: 10, at: "2026-02-28T23:59:59Z", count: 10 });
    await pay(world, organizationId, "monthly");
    expect(await periodsOf(world, organizationId)).toMatchObject([{ start: "2026-02-01", eligible: 1 }]);
    expect(await balanceOf(world, person)).toBe(micro(2_500));
  });

  it("defect 11: ties are broken in the same way by every run: earlier last approval, then lower id", async () => {
    const { world, organizationId } = await open();
    const late = await worker(world, organizationId, { points: 10, at: "2026-03-08T13:00:00Z" });
    const early = await worker(world, organizationId, { points: 10, at: "2026-03-08T11:00:00Z" });
    const lateToo = await worker(world, organizationId, { points: 10, at: "2026-03-08T13:00:00Z" });
    await pay(world, organizationId, "daily");
    const [period] = await periodsOf(world, organizationId);
    expect((await awardsOf(world, period!.id)).map((award) => award.profileId)).toEqual([
      early.profileId,
      late.profileId,
      lateToo.profileId,
    ]);
  });

  it("defect 15: sends as many statements for thirty volunteers as for one", async () => {
    const statements = async (people: number) => {
      const { world, organizationId } = await open();
      for (let n = 0; n < people; n++)
        await worker(world, organizationId, { points: 10 + n, at: IN_WEEK, count: 3 });
      const before = await statementsOf(world);
      await pay(world, organizationId, "weekly");
      return (await statementsOf(world)) - before;
    };
    const forOne = await statements(1);
    expect(forOne).toBeGreaterThan(10);
    expect(await statements(30)).toBe(forOne);
  });

  it("defect 17: the documented variables decide the pools", async () => {
    const { world, organizationId } = await open({
      environment: {
        VOLUNTEER_SCHEDULER_DAILY_BUDGET: "11",
        VOLUNTEER_SCHEDULER_WEEKLY_BUDGET: "22.5",
        VOLUNTEER_SCHEDULER_MONTHLY_BUDGET: "0",
      },
    });
    for (const period of ["daily", "weekly", "monthly"] as const) await pay(world, organizationId, period);
    expect((await periodsOf(world, organizationId)).map(({ type, granted }) => [type, granted])).toEqual([
      ["daily", micro(11)],
      ["weekly", micro(22.5)],
      ["monthly", "0"],
    ]);
  });

  it("prefers the pool of the run, then that of the organization, then the configured one", async () => {
    const { world, organizationId } = await open();
    await world.query(
      "update organizations set daily_pool_micro = 7000000, weekly_pool_micro = 8000000 where id = $1",
      [organizationId],
    );
    await pay(world, organizationId, "daily");
    await pay(world, organizationId, "weekly", "500");
    await pay(world, organizationId, "monthly");
    expect((await periodsOf(world, organizationId)).map(({ granted }) => granted)).toEqual([
      micro(7),
      micro(500),
      micro(5_000),
    ]);
  });

  it("leaves a leftover with the treasury if configured so, for the next period too", async () => {
    const { world, organizationId } = await open({ environment: { BUDGET_LEFTOVER: "treasury" } });
    await pay(world, organizationId, "daily");
    world.at("2026-03-10T00:30:00Z");
    await pay(world, organizationId, "daily");
    expect(await periodsOf(world, organizationId)).toMatchObject([
      { leftover: micro(100) },
      { carried: "0", pool: micro(100) },
    ]);
  });

  it("pays a given period, and none that has not closed", async () => {
    const { world, organizationId } = await open();
    const ask = (start: string) =>
      world.perform(distributeBudget, { period: "weekly", organizationId, start });
    expect(await ask("2026-03-10")).toMatchObject({ reasons: { "the period has not closed yet": 1 } });
    expect(await ask("2026-02-18")).toMatchObject({ done: 1 });
    expect(await periodsOf(world, organizationId)).toMatchObject([{ start: "2026-02-15", outOfTurn: true }]);
  });

  it("cancels the job for an organization with an unknown zone", async () => {
    const { world } = await open();
    const lost = await organization(world, { timeZone: "Europe/Atlantis" });
    expect(await pay(world, lost, "daily")).toMatchObject({
      dead: 1,
      reasons: { "Cancel: the time zone of the organization is unknown": 1 },
    });
  });
});

describe("edge cases of a budget", () => {
  it("nobody eligible: recorded, all leftover, with the number who had too few tasks", async () => {
    const { world, organizationId } = await open();
    await worker(world, organizationId, { points: 10, at: IN_WEEK, count: 2 });
    await pay(world, organizationId, "weekly");
    const [period] = await periodsOf(world, organizationId);
    expect(period).toMatchObject({ eligible: 0, paid: "0", leftover: micro(1_000) });
    expect(period!.inputs).toMatchObject({ winners: 0, unpaid: { "too-few-approved": 1 } });
    expect(await awardsOf(world, period!.id)).toEqual([]);
  });

  it("one winner of a month gets half, and the other half is leftover", async () => {
    const { world, organizationId } = await open();
    const person = await worker(world, organizationId, { points: 10, at: IN_MONTH, count: 10 });
    await pay(world, organizationId, "monthly", "100");
    expect(await periodsOf(world, organizationId)).toMatchObject([{ paid: micro(50), leftover: micro(50) }]);
    expect(await balanceOf(world, person)).toBe(micro(50));
  });

  it("one winner of a week gets all", async () => {
    const { world, organizationId } = await open();
    const person = await worker(world, organizationId, { points: 10, at: IN_WEEK, count: 3 });
    await pay(world, organizationId, "weekly", "100");
    expect(await balanceOf(world, person)).toBe(micro(100));
  });

  it("the ranks of a day get 50, 25, 15, 7 and 3 percent, and the sixth nothing", async () => {
    const { world, organizationId } = await open();
    for (let n = 0; n < 6; n++) await worker(world, organizationId, { points: 60 - n, at: IN_DAY });
    await pay(world, organizationId, "daily");
    const [period] = await periodsOf(world, organizationId);
    const awards = await awardsOf(world, period!.id);
    expect(awards.map(({ amount }) => amount)).toEqual([50, 25, 15, 7, 3, 0].map(micro));
    expect(awards[5]).toMatchObject({ rank: null, reason: "not-a-winner" });
  });

  it("a total score of zero pays nobody", async () => {
    const { world, organizationId } = await open();
    await worker(world, organizationId, { points: 0, at: IN_DAY });
    await worker(world, organizationId, { points: 0, at: IN_DAY });
    await pay(world, organizationId, "daily");
    const [period] = await periodsOf(world, organizationId);
    expect(period).toMatchObject({ eligible: 2, paid: "0", leftover: micro(100) });
    expect(period!.inputs.unpaid).toEqual({ "no-score": 2 });
  });

  it.each(["0", "-5"])("a pool of %s is recorded, and nobody is paid", async (pool) => {
    const { world, organizationId } = await open();
    await worker(world, organizationId, { points: 10, at: IN_DAY });
    await pay(world, organizationId, "daily", pool);
    const [period] = await periodsOf(world, organizationId);
    expect(period).toMatchObject({ pool: micro(Number(pool)), paid: "0", leftover: micro(Number(pool)) });
    expect(period!.inputs.unpaid).toEqual({ "empty-pool": 1 });
    expect(await world.query("select 1 from ledger_transactions")).toEqual([]);
    world.at("2026-03-10T00:30:00Z");
    await pay(world, organizationId, "daily");
    // A pool that was never there is not owed.
    expect((await periodsOf(world, organizationId))[1]).toMatchObject({ carried: "0" });
  });

  it("a pool smaller than 0.01 per winner pays as many as it can, and the rest is leftover", async () => {
    const { world, organizationId } = await open();
    for (let n = 0; n < 10; n++)
      await worker(world, organizationId, { points: n === 0 ? 60 : 10, at: IN_WEEK, count: 3 });
    await pay(world, organizationId, "weekly", "0.05");
    const [period] = await periodsOf(world, organizationId);
    expect(period).toMatchObject({ pool: micro(0.05), paid: micro(0.02), leftover: micro(0.03) });
    expect(period!.inputs.unpaid).toEqual({ "share-below-minimum": 9 });
    expect(await awardsOf(world, period!.id)).toMatchObject([
      { rank: 1, amount: micro(0.02) },
      ...Array.from({ length: 9 }, (_, n) => ({ rank: n + 2, amount: "0", reason: "share-below-minimum" })),
    ]);
  });

  it("splits three equal weekly scores by largest remainder: 33.34, 33.33, 33.33", async () => {
    const { world, organizationId } = await open();
    for (let n = 0; n < 3; n++) await worker(world, organizationId, { points: 10, at: IN_WEEK, count: 3 });
    await pay(world, organizationId, "weekly", "100");
    const [period] = await periodsOf(world, organizationId);
    expect((await awardsOf(world, period!.id)).map(({ amount }) => amount)).toEqual(
      [33.34, 33.33, 33.33].map(micro),
    );
    expect(period).toMatchObject({ paid: micro(100), leftover: "0" });
  });
});

describe("the performance score", () => {
  it("counts xp, the multiplier, referrals, rejections and overdue tasks", async () => {
    const { world, organizationId } = await open();
    const person = await volunteer(world, { organizationId });
    const referral = await volunteer(world, { organizationId, referrer: person });
    await volunteer(world, { organizationId, referrer: person });
    await approve(world, person, 1, IN_DAY, await template(world, { xpReward: 30, levelRequired: 4 }));
    await assign(
      world,
      { assignee: referral, status: "submitted", submittedAt: IN_DAY },
      // Rejected once in the period, and once outside it.
      { assignee: person, status: "rejected", submittedAt: IN_WEEK, reviewedAt: IN_DAY },
      { assignee: person, status: "rejected", submittedAt: IN_WEEK, reviewedAt: IN_WEEK },
      // Overdue: assigned more than 7 days before the end, and not submitted by then.
      { assignee: person, assignedAt: "2026-03-01T23:59:59Z" },
      {
        assignee: person,
        status: "submitted",
        assignedAt: "2026-02-20T00:00:00Z",
        submittedAt: "2026-03-09T00:10:00Z",
      },
      // Not overdue: assigned exactly 7 days before; submitted; reviewed without having been submitted.
      { assignee: person, assignedAt: "2026-03-02T00:00:00Z" },
      { assignee: person, status: "submitted", assignedAt: "2026-02-20T00:00:00Z", submittedAt: IN_WEEK },
      { assignee: person, status: "rejected", assignedAt: "2026-02-20T00:00:00Z", reviewedAt: IN_WEEK },
    );
    await pay(world, organizationId, "daily");
    const [period] = await periodsOf(world, organizationId);
    // 30 x 4 x 0.1 x 1.00 + 5 x 1 - 2 x 1 - 1 x 2 = 13
    expect(await awardsOf(world, period!.id)).toMatchObject([
      { profileId: person.profileId, score: "1300", multiplier: 100, referrals: 1, rejected: 1, overdue: 2 },
    ]);
  });

  it("uses the multiplier at the end of the period, not today's", async () => {
    const { world, organizationId } = await open({ at: "2026-03-08T02:00:00Z" });
    const person = await worker(world, organizationId, { points: 10, at: "2026-03-07T12:00:00Z", count: 10 });
    await world.perform(recalculateMultipliers, { full: false });
    await world.drain();
    await approve(world, person, 10, IN_DAY, await template(world, { xpReward: 0 }));
    world.at("2026-03-09T02:00:00Z");
    await world.perform(recalculateMultipliers, { full: false });
    await world.drain();
    const multiplierOn = async (start: string) => {
      await world.perform(distributeBudget, { period: "daily", organizationId, start });
      const period = (await periodsOf(world, organizationId)).at(-1);
      return (await awardsOf(world, period!.id)).map(({ multiplier }) => multiplier);
    };
    expect(await multiplierOn("2026-03-07")).toEqual([100]);
    expect(await multiplierOn("2026-03-08")).toEqual([105]);
  });

  it("counts a referral by its activity in the period, even if it was active later", async () => {
    const { world, organizationId } = await open();
    const person = await worker(world, organizationId, { points: 10, at: IN_DAY });
    const before = await volunteer(world, { organizationId, referrer: person });
    const both = await volunteer(world, { organizationId, referrer: person });
    const reviewedAfter = await volunteer(world, { organizationId, referrer: person });
    await assign(
      world,
      { assignee: before, status: "submitted", submittedAt: "2026-03-07T23:59:59Z" },
      { assignee: both, status: "submitted", submittedAt: IN_DAY },
      { assignee: both, status: "submitted", submittedAt: "2026-03-09T00:10:00Z" },
      {
        assignee: reviewedAfter,
        status: "approved",
        submittedAt: IN_DAY,
        reviewedAt: "2026-03-09T00:10:00Z",
      },
    );
    await pay(world, organizationId, "daily");
    const [period] = await periodsOf(world, organizationId);
    expect(await awardsOf(world, period!.id)).toMatchObject([{ referrals: 2, score: "2000" }]);
  });
});

/** The number of statements sent to this database. */
async function statementsOf(world: World): Promise<number> {
  return counted.get(world) ?? countStatements(world);
}

const counted = new WeakMap<World, number>();

function countStatements(world: World): number {
  counted.set(world, 0);
  world.db.pool.on("acquire", (client) => {
    const seen = client as unknown as { counting?: true; query: (...words: unknown[]) => unknown };
    if (seen.counting) return;
    seen.counting = true;
    const query = seen.query.bind(client);
    seen.query = (...words: unknown[]) => {
      counted.set(world, (counted.get(world) ?? 0) + 1);
      return query(...words);
    };
  });
  return 0;
}
