import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inTransaction } from "../../../src/db/transaction.ts";
import type { SumContext } from "../../../src/queues/job.ts";
import { distributeBudget } from "../../../src/workers/budgets/distribute-budget.ts";
import { sweepDueBudgets } from "../../../src/workers/budgets/sweep-due-budgets.ts";
import { faultsOfBooks } from "../../support/books.ts";
import { awardsOf, micro, periodsOf, worker } from "../../support/budgets.ts";
import { organization } from "../../support/factories.ts";
import { performRanged } from "../../support/jobs.ts";
import { size } from "../../support/sizes.ts";
import { approve } from "../../support/tasks.ts";
import { createWorld, type World } from "../../support/world.ts";

async function sweep(world: World, at: string): Promise<void> {
  world.at(at);
  await world.perform(sweepDueBudgets, {});
  await world.drain();
}

async function startingAt(world: World, instant: string, timeZone?: string): Promise<string> {
  const id = await organization(world, timeZone ? { timeZone } : {});
  await world.query("update organizations set budgets_from = $2 where id = $1", [id, instant]);
  return id;
}

const starts = async (world: World, organizationId: string, type: string): Promise<string[]> =>
  (await periodsOf(world, organizationId)).filter((period) => period.type === type).map(({ start }) => start);

describe("sweep-due-budgets", () => {
  it("defect 6: enqueues each organization by its id, never without one", async () => {
    const world = await createWorld({ at: "2026-03-10T00:15:00Z" });
    const ids = [];
    for (let n = 0; n < 3; n++) ids.push(await startingAt(world, "2026-03-09T00:00:00Z", "UTC"));
    await performRanged(world, sweepDueBudgets, {});
    expect((await world.enqueued(distributeBudget)).map(({ payload }) => payload)).toEqual(
      ids.map((organizationId) => ({ organizationId, period: "daily", start: "2026-03-09" })),
    );
    await world.drain();
    for (const id of ids) expect(await starts(world, id, "daily")).toEqual(["2026-03-09"]);
  });

  it("enqueues closed periods once, and not again once they are paid", async () => {
    const world = await createWorld();
    const id = await startingAt(world, "2026-03-01T00:00:00Z", "UTC");
    await sweep(world, "2026-03-01T23:45:00Z");
    expect(await periodsOf(world, id)).toEqual([]);
    await sweep(world, "2026-03-02T00:00:00Z");
    await sweep(world, "2026-03-02T00:15:00Z");
    expect(await starts(world, id, "daily")).toEqual(["2026-03-01"]);
    expect(await world.enqueued()).toEqual([]);
  });

  it("starts with the first whole period on or after budgets_from", async () => {
    const world = await createWorld();
    const id = await startingAt(world, "2026-02-03T12:00:00Z", "UTC");
    await sweep(world, "2026-04-01T00:00:00Z");
    expect((await starts(world, id, "daily"))[0]).toBe("2026-02-04");
    expect((await starts(world, id, "weekly"))[0]).toBe("2026-02-08");
    expect(await starts(world, id, "monthly")).toEqual(["2026-03-01"]);
  });

  it("pays every period that closed during a downtime, oldest first, and carries each leftover to the next", async () => {
    const world = await createWorld();
    const id = await startingAt(world, "2026-03-01T00:00:00Z", "UTC");
    await sweep(world, "2026-03-05T09:00:00Z");
    const periods = (await periodsOf(world, id)).filter(({ type }) => type === "daily");
    expect(periods.map(({ start }) => start)).toEqual([
      "2026-03-01",
      "2026-03-02",
      "2026-03-03",
      "2026-03-04",
    ]);
    expect(periods.map(({ pool }) => pool)).toEqual([100, 200, 300, 400].map(micro));
  });

  it.each([
    [
      "Europe/Berlin",
      "2026-03-28",
      ["2026-03-27T23:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "2026-03-30T22:00:00Z"],
    ],
    [
      "Europe/Berlin",
      "2026-10-24",
      ["2026-10-23T22:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", "2026-10-26T23:00:00Z"],
    ],
    [
      "America/New_York",
      "2026-03-07",
      ["2026-03-07T05:00:00Z", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z", "2026-03-10T04:00:00Z"],
    ],
    [
      "America/New_York",
      "2026-10-31",
      ["2026-10-31T04:00:00Z", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z", "2026-11-03T05:00:00Z"],
    ],
  ])(
    "counts every approval of %s once over the change of clocks after %s",
    async (zone, first, midnights) => {
      const world = await createWorld({ at: midnights[0]! });
      const id = await startingAt(world, midnights[0]!, zone);
      // One approval in each hour of the three days.
      const person = await worker(world, id, { points: 1, at: midnights[0]! });
      const hours = (Date.parse(midnights[3]!) - Date.parse(midnights[0]!)) / 3_600_000;
      for (let hour = 1; hour < hours; hour++)
        await approve(world, person, 1, new Date(Date.parse(midnights[0]!) + hour * 3_600_000).toISOString());
      for (const midnight of midnights.slice(1)) {
        await sweep(world, new Date(Date.parse(midnight) - 1).toISOString());
        const before = (await starts(world, id, "daily")).length;
        await sweep(world, midnight);
        expect(await starts(world, id, "daily")).toHaveLength(before + 1);
      }
      const periods = (await periodsOf(world, id)).filter(({ type }) => type === "daily");
      expect(periods[0]!.start).toBe(first);
      const approved = await Promise.all(
        periods.map(async ({ id }) => (await awardsOf(world, id))[0]?.approved),
      );
      expect(approved).toEqual(
        midnights
          .slice(1)
          .map((midnight, n) => (Date.parse(midnight) - Date.parse(midnights[n]!)) / 3_600_000),
      );
      expect(approved.reduce((sum, n) => sum! + n!, 0)).toBe(hours);
    },
  );

  it("closes periods at midnight of DEFAULT_TIME_ZONE if the organization has no zone", async () => {
    const world = await createWorld({ environment: { DEFAULT_TIME_ZONE: "Asia/Kolkata" } });
    const id = await startingAt(world, "2026-03-01T00:00:00+05:30");
    await sweep(world, "2026-03-01T18:29:59Z");
    expect(await periodsOf(world, id)).toEqual([]);
    await sweep(world, "2026-03-01T18:30:00Z");
    expect(await starts(world, id, "daily")).toEqual(["2026-03-01"]);
  });

  it("continues after a change of zone where the last period ended", async () => {
    const world = await createWorld();
    const id = await startingAt(world, "2026-03-01T00:00:00+09:00", "Asia/Tokyo");
    const person = await worker(world, id, { points: 1, at: "2026-03-01T12:00:00Z" });
    for (const at of ["2026-03-01T16:00:00Z", "2026-03-02T02:00:00Z", "2026-03-02T04:59:59Z"])
      await approve(world, person, 1, at);
    await sweep(world, "2026-03-01T15:00:00Z");
    await world.query("update organizations set time_zone = 'America/New_York' where id = $1", [id]);
    await sweep(world, "2026-03-03T05:00:00Z");
    const periods = (await periodsOf(world, id)).filter(({ type }) => type === "daily");
    expect(periods.map(({ start }) => start)).toEqual(["2026-03-01", "2026-03-02"]);
    const approved = await Promise.all(
      periods.map(async ({ id }) => (await awardsOf(world, id))[0]?.approved),
    );
    expect(approved).toEqual([1, 3]);
  });

  it("skips a period that an operator paid out of turn, and leaves no other out", async () => {
    const world = await createWorld({ at: "2026-03-05T09:00:00Z" });
    const id = await startingAt(world, "2026-03-01T00:00:00Z", "UTC");
    await world.perform(distributeBudget, { period: "daily", organizationId: id, pool: "7" });
    expect(await periodsOf(world, id)).toMatchObject([{ start: "2026-03-04", outOfTurn: true }]);
    await sweep(world, "2026-03-06T09:00:00Z");
    const periods = (await periodsOf(world, id)).filter(({ type }) => type === "daily");
    expect(periods.map(({ start }) => start)).toEqual([
      "2026-03-04",
      "2026-03-01",
      "2026-03-02",
      "2026-03-03",
      "2026-03-05",
    ]);
    // Each payment includes the leftover of the previous one: nothing is carried twice.
    expect(periods.map(({ pool }) => pool)).toEqual([7, 107, 207, 307, 407].map(micro));
  });

  it("lists organizations with an unknown zone in its result, at most ten by id, and pays the others", async () => {
    const world = await createWorld();
    const lost = await startingAt(world, "2026-03-01T00:00:00Z", "Europe/Atlantis");
    const id = await startingAt(world, "2026-03-01T00:00:00Z", "UTC");
    world.at("2026-03-02T00:00:00Z");
    expect(await performRanged(world, sweepDueBudgets, {})).toMatchObject({
      counts: { due: 1, unknownZone: 1, [`unknownZone-${lost}`]: 1 },
    });
    await world.drain();
    expect(await starts(world, id, "daily")).toHaveLength(1);
    const ofRanges = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`unknownZone-${n}`, 1]));
    const sum = await inTransaction(world.db, (tx) =>
      sweepDueBudgets.sum({}, { due: 2, unknownZone: 30, ...ofRanges }, { tx } as SumContext),
    );
    expect(sum).toMatchObject({ kind: "done", counts: { due: 2, unknownZone: 30 } });
    expect(Object.keys("counts" in sum ? sum.counts : {})).toHaveLength(12);
  });

  it("enqueues a dead payment again", async () => {
    const world = await createWorld();
    const id = await startingAt(world, "2026-03-01T00:00:00Z", "UTC");
    world.at("2026-03-02T00:00:00Z");
    await performRanged(world, sweepDueBudgets, {});
    await world.query("update outbox set dead_at = now(), attempts = 8");
    await sweep(world, "2026-03-02T00:15:00Z");
    expect(await starts(world, id, "daily")).toEqual(["2026-03-01"]);
  });

  it("paid + leftover = pool, carried = leftover, and the ledger is consistent: whatever happens", async () => {
    const world = await createWorld({ at: "2026-03-01T00:00:00Z" });
    const step = fc.oneof(
      fc.record({
        kind: fc.constant("work" as const),
        points: fc.integer({ min: 0, max: 90 }),
        count: fc.integer({ min: 1, max: 12 }),
        hoursAgo: fc.integer({ min: 0, max: 240 }),
      }),
      fc.record({ kind: fc.constant("wait" as const), hours: fc.integer({ min: 1, max: 24 * 12 }) }),
      fc.record({
        kind: fc.constant("by-hand" as const),
        period: fc.constantFrom("daily" as const, "weekly" as const, "monthly" as const),
        pool: fc.constantFrom("0", "-3", "0.05", "1", "99.999999", "500"),
      }),
      fc.record({
        kind: fc.constant("pool" as const),
        micro: fc.constantFrom(null, 0n, 10_000n, 333_333_333n),
      }),
    );
    let now = Date.parse("2026-03-01T00:00:00Z");
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 3, maxLength: 12 }),
        fc.constantFrom("UTC", "Europe/Berlin"),
        async (steps, zone) => {
          const id = await startingAt(world, new Date(now).toISOString(), zone);
          for (const what of steps) {
            if (what.kind === "work")
              await worker(world, id, {
                ...what,
                at: new Date(now - what.hoursAgo * 3_600_000).toISOString(),
              });
            if (what.kind === "pool")
              await world.query(
                "update organizations set daily_pool_micro = $2, weekly_pool_micro = $2 where id = $1",
                [id, what.micro === null ? null : String(what.micro)],
              );
            if (what.kind === "by-hand")
              await world.perform(distributeBudget, {
                period: what.period,
                organizationId: id,
                pool: what.pool,
              });
            if (what.kind === "wait") {
              now += what.hours * 3_600_000;
              await sweep(world, new Date(now).toISOString());
            }
            await expectWhole(world, id);
          }
          expect(await faultsOfBooks(world)).toEqual([]);
          // This organization is not checked again, so later sweeps need not pay its periods.
          await world.query("update organizations set budgets_from = '2100-01-01T00:00:00Z' where id = $1", [
            id,
          ]);
        },
      ),
      { numRuns: size(6, 100) },
    );
  });
});

/** Exactly, after every step. */
async function expectWhole(world: World, organizationId: string): Promise<void> {
  const left = new Map<string, bigint>();
  for (const period of await periodsOf(world, organizationId)) {
    const [pool, paid, leftover] = [period.pool, period.paid, period.leftover].map(BigInt) as [
      bigint,
      bigint,
      bigint,
    ];
    expect(paid + leftover).toBe(pool);
    const before = left.get(period.type) ?? 0n;
    expect(BigInt(period.carried)).toBe(before > 0n ? before : 0n);
    const awards = await awardsOf(world, period.id);
    expect(awards.reduce((sum, { amount }) => sum + BigInt(amount), 0n)).toBe(paid);
    for (const { amount } of awards) expect(BigInt(amount) % 10_000n).toBe(0n);
    left.set(period.type, leftover);
  }
}
