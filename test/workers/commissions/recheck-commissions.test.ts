import { describe, expect, it } from "vitest";
import { inTransaction } from "../../../src/db/transaction.ts";
import { explain } from "../../../src/explain/index.ts";
import { recordCommissions } from "../../../src/rewards/record-commissions.ts";
import { lockSaleFacts } from "../../../src/rewards/sale-facts.ts";
import { readStatement } from "../../../src/rewards/statement.ts";
import { decideCommission } from "../../../src/scoring/rewards/commission.ts";
import { recheckCommissions } from "../../../src/workers/commissions/recheck-commissions.ts";
import { releaseCommission } from "../../../src/workers/commissions/release-commission.ts";
import { reverseSale } from "../../../src/workers/commissions/reverse-sale.ts";
import { faultsOfBooks } from "../../support/books.ts";
import { eventually } from "../../support/eventually.ts";
import { balanceOf, chain, organization, type Person } from "../../support/factories.ts";
import { fiveCases } from "../../support/five-cases.ts";
import { linesOf, recheckMovesOf, saleOf, settleSale, systemBalance, takeSale } from "../../support/sales.ts";
import { createWorld, type World } from "../../support/world.ts";

/** A buyer with two referrers. */
async function community() {
  const world = await createWorld({ at: "2026-06-30T12:00:00Z" });
  const people = await chain(world, await organization(world), 3);
  return { world, people, buyer: people[2] as Person, referrer: people[1] as Person };
}

const rechecksOf = async (world: World, saleId: string) =>
  world.query<{ late: string; now: string; reasons: string[] }>(
    `select details->>'lateSale' as late, details->>'now' as now, details->'reasons' as reasons from audit_log
     where action = 'commission.recheck' and subject = $1 order by id`,
    [`token_sales:${saleId}`],
  );

const eventsOf = async (world: World, type: string, saleId: string): Promise<number> =>
  (
    await world.query("select 1 from domain_events where event_type = $1 and payload->>'sale_id' = $2", [
      type,
      saleId,
    ])
  ).length;

/** A transaction of this database that waits for a lock. */
const WAITING = `select 1 from pg_locks l join pg_stat_activity a on a.pid = l.pid
                 where not l.granted and a.datname = current_database()`;

/** 500 tokens, paid; then 1 token that was sold an hour before: 500 is more than 10 times that. */
async function scene() {
  const { world, people, buyer, referrer } = await community();
  const saleId = await settleSale(world, buyer, { tokens: 500 });
  const lateId = await settleSale(world, buyer, { tokens: 1, minutesAgo: 60 });
  return {
    world,
    people,
    buyer,
    referrer,
    saleId,
    lateId,
    payload: { saleId: lateId },
    rowGone: async () => ({ saleId: "999" }),
    async effectIsThereOnce() {
      expect(await saleOf(world, saleId)).toEqual({ status: "held", reasons: ["amount-above-average"] });
      expect((await linesOf(world, saleId)).map(({ status }) => status)).toEqual(["held", "held"]);
      expect(await recheckMovesOf(world, saleId)).toEqual([`${saleId}/${lateId}`]);
      expect(await systemBalance(world, "held")).toBe("90000000");
      expect(await balanceOf(world, referrer)).toBe("100000");
      expect(await rechecksOf(world, saleId)).toEqual([
        { late: lateId, now: "held", reasons: ["amount-above-average"] },
      ]);
      expect(await eventsOf(world, "commission.held", saleId)).toBe(1);
      expect(await faultsOfBooks(world)).toEqual([]);
    },
    async nothingHappened() {
      expect(await saleOf(world, saleId)).toEqual({ status: "applied", reasons: [] });
      expect(await recheckMovesOf(world, saleId)).toEqual([]);
      expect(await systemBalance(world, "held")).toBe("0");
    },
  };
}

fiveCases(recheckCommissions, scene);

describe("recheck-commissions", () => {
  it("is enqueued by the settlement of a sale that was sold before settled ones, and by no other", async () => {
    const { world, buyer } = await community();
    const first = await settleSale(world, buyer, { tokens: 50, minutesAgo: 30 });
    await settleSale(world, buyer, { tokens: 50 });
    expect(await world.enqueued(recheckCommissions)).toEqual([]);
    const late = await settleSale(world, buyer, { tokens: 50, minutesAgo: 31 });
    expect(await world.enqueued(recheckCommissions)).toMatchObject([{ payload: { saleId: late } }]);
    await world.drain();
    // More than 30 days before all others: no window contains it.
    await settleSale(world, buyer, { tokens: 50, minutesAgo: 31 * 24 * 60 });
    expect(await world.enqueued(recheckCommissions)).toEqual([]);
    expect(await saleOf(world, first)).toMatchObject({ status: "applied" });
  });

  it("pays a held sale that an earlier one explains, and notifies its beneficiaries once", async () => {
    const { world, buyer, referrer } = await community();
    const saleId = await settleSale(world, buyer, { tokens: 5_000 });
    expect(await saleOf(world, saleId)).toMatchObject({ status: "held" });
    const late = await settleSale(world, buyer, { tokens: 600, minutesAgo: 60 });
    await world.drain();
    expect(await saleOf(world, saleId)).toEqual({ status: "applied", reasons: [] });
    expect(await balanceOf(world, referrer)).toBe("560000000");
    expect(await eventsOf(world, "commission.earned", saleId)).toBe(2);
    // One token, sold still earlier: the average is no longer large enough. Then another that explains both.
    const small = await settleSale(world, buyer, { tokens: 1, minutesAgo: 90 });
    await world.drain();
    expect(await saleOf(world, saleId)).toMatchObject({ status: "held" });
    const large = await settleSale(world, buyer, { tokens: 1_000, minutesAgo: 120 });
    await world.drain();
    expect(await saleOf(world, saleId)).toEqual({ status: "applied", reasons: [] });
    expect(await recheckMovesOf(world, saleId)).toEqual([late, small, large].map((id) => `${saleId}/${id}`));
    expect(await eventsOf(world, "commission.earned", saleId)).toBe(2);
    expect(await faultsOfBooks(world)).toEqual([]);
  });

  it("leaves paid what an operator has released, and reports the new reasons once", async () => {
    const { world, buyer, referrer } = await community();
    const saleId = await settleSale(world, buyer, { tokens: 5_000 });
    await world.perform(releaseCommission, { saleId, actor: "ann" });
    const before = await balanceOf(world, referrer);
    const late: string[] = [];
    for (let n = 0; n < 11; n++)
      late.push(await settleSale(world, buyer, { tokens: 10, minutesAgo: 59 - n }));
    await world.drain();
    expect(await saleOf(world, saleId)).toEqual({ status: "applied", reasons: ["amount-above-average"] });
    expect(await recheckMovesOf(world, saleId)).toEqual([]);
    const [report, ...more] = await rechecksOf(world, saleId);
    expect(report).toMatchObject({ now: "left paid", reasons: ["velocity"] });
    expect(more).toEqual([]);
    // 11 late sales of 10 tokens: 1.00 each.
    expect(BigInt(await balanceOf(world, referrer)) - BigInt(before)).toBe(11_000_000n);
    await world.perform(recheckCommissions, { saleId: report!.late });
    expect(await rechecksOf(world, saleId)).toHaveLength(1);
  });

  it("moves the rest of a sale after refunds, and an operator's release pays that", async () => {
    const { world, people, saleId, buyer, lateId } = await scene();
    await world.perform(reverseSale, { saleId, amount: "100", actor: "ann" });
    await world.drain();
    expect(await saleOf(world, saleId)).toMatchObject({ status: "held" });
    expect(await systemBalance(world, "held")).toBe("72000000");
    await world.perform(releaseCommission, { saleId, actor: "ann" });
    expect(await balanceOf(world, people[1]!)).toBe("40100000");
    expect(await systemBalance(world, "held")).toBe("0");
    // They were notified when it was paid at first.
    expect(await eventsOf(world, "commission.earned", saleId)).toBe(2);
    await world.perform(reverseSale, { saleId, actor: "ann" });
    await world.perform(reverseSale, { saleId: lateId, actor: "ann" });
    expect(await balanceOf(world, people[1]!)).toBe("0");
    expect(await faultsOfBooks(world)).toEqual([]);
    await settleSale(world, buyer, { tokens: 1, minutesAgo: 90 });
    await world.drain();
    expect(await saleOf(world, saleId)).toMatchObject({ status: "reversed" });
  });

  it("finds a sale whose settlement read its facts before the late one arrived, and had not committed", async () => {
    const { world, buyer } = await community();
    const policy = world.settings.commissions;
    const soldAt = world.clock.now();
    const { saleId } = await takeSale(world, { buyer, soldAt, amount: 500_000_000n });
    const untouched = await takeSale(world, { buyer, soldAt, amount: 50_000_000n });
    const lateId = await inTransaction(world.db, async (tx) => {
      const { facts } = await lockSaleFacts(tx, [saleId]);
      const late = await settleSale(world, buyer, { tokens: 1, minutesAgo: 60 });
      const decided = facts.map((one) => ({ facts: one, decision: decideCommission(one, policy) }));
      await recordCommissions(tx, decided, policy, soldAt);
      return late;
    });
    expect(await saleOf(world, saleId)).toMatchObject({ status: "applied" });
    expect(await world.enqueued(recheckCommissions)).toMatchObject([{ payload: { saleId: lateId } }]);
    await world.drain();
    expect(await saleOf(world, saleId)).toMatchObject({ status: "held" });
    expect(await recheckMovesOf(world, untouched.saleId)).toEqual([]);
    expect(await faultsOfBooks(world)).toEqual([]);
  });

  it("waits for a settlement under way that does not contain the late sale", async () => {
    const { world, buyer } = await community();
    const policy = world.settings.commissions;
    const soldAt = world.clock.now();
    const { saleId } = await takeSale(world, { buyer, soldAt, amount: 500_000_000n });
    let rechecking: Promise<unknown> | undefined;
    await inTransaction(world.db, async (tx) => {
      const { facts } = await lockSaleFacts(tx, [saleId]);
      await settleSale(world, buyer, { tokens: 1, minutesAgo: 60 });
      const [entry] = await world.enqueued(recheckCommissions);
      rechecking = world.run(recheckCommissions, [entry!.id]);
      await eventually(async () => expect(await world.query(WAITING)).toHaveLength(1));
      const decided = facts.map((one) => ({ facts: one, decision: decideCommission(one, policy) }));
      await recordCommissions(tx, decided, policy, soldAt);
    });
    await rechecking;
    await world.drain();
    expect(await saleOf(world, saleId)).toMatchObject({ status: "held" });
  });

  it("ignores a sale that waits to be settled: it will count the late one itself", async () => {
    const { world, buyer } = await community();
    await takeSale(world, { buyer, amount: 500_000_000n });
    await settleSale(world, buyer, { tokens: 1, minutesAgo: 60 });
    expect(await world.enqueued(recheckCommissions)).toEqual([]);
  });

  it("checks the late sales of a buyer together, and at most 50 sales at once", async () => {
    const { world, buyer } = await community();
    const sold: string[] = [];
    for (let n = 0; n < 53; n++)
      sold.push(await settleSale(world, buyer, { tokens: 150 + n, minutesAgo: 1_000 - 7 * n }));
    expect((await saleOf(world, sold[0]!))?.status).toBe("applied");
    await world.query("update token_sales set reasons = '{velocity}', status = 'held'");
    await world.query("update commissions set status = 'held'");
    const late = [
      await settleSale(world, buyer, { tokens: 150, minutesAgo: 1_100 }),
      await settleSale(world, buyer, { tokens: 150, minutesAgo: 1_200 }),
    ];
    const payloads = late.map((saleId) => ({ saleId }));
    const tally = await world.perform(recheckCommissions, ...payloads);
    expect(tally).toMatchObject({ counts: { paid: 50 }, done: 1, skipped: 1 });
    expect(tally.reasons).toEqual({ "rechecked together with another sale of its buyer": 1 });
    const rest = await world.enqueued(recheckCommissions);
    expect(rest.map(({ payload }) => payload)).toEqual(late.map((saleId) => ({ saleId, after: sold[49] })));
    expect(
      await world.run(
        recheckCommissions,
        rest.map(({ id }) => id),
      ),
    ).toMatchObject({ counts: { paid: 3 } });
    expect(await world.enqueued(recheckCommissions)).toEqual([]);
    for (const saleId of sold) expect(await recheckMovesOf(world, saleId)).toEqual([`${saleId}/${late[1]}`]);
  });

  it("is shown by explain and by the statement of a beneficiary", async () => {
    const { world, saleId, lateId, referrer } = await scene();
    await world.drain();
    const found = await explain(world.db.drizzle, "commission", saleId);
    expect(found).toMatchObject({ agrees: true, faults: [] });
    expect(found?.steps.find(({ what }) => what === "signals")?.how).toBe("held: amount-above-average");
    expect(found?.steps.find(({ what }) => what === "recheck")?.how).toContain(`sale ${lateId} arrived late`);
    const { lines } = await readStatement(world.db.drizzle, referrer.userId, { limit: 10 });
    expect(lines.map(({ kind, amount, explain }) => [kind, amount, explain])).toEqual([
      ["recheck", "-50.00", `commission:${saleId}:1`],
      ["commission", "0.10", `commission:${lateId}:1`],
      ["commission", "50.00", `commission:${saleId}:1`],
    ]);
  });
});
