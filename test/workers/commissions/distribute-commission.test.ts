import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { inTransaction } from "../../../src/db/transaction.ts";
import { type Posting, post } from "../../../src/rewards/ledger.ts";
import { distributeCommission } from "../../../src/workers/commissions/distribute-commission.ts";
import { eventually } from "../../support/eventually.ts";
import { balanceOf, chain, organization, volunteer } from "../../support/factories.ts";
import { fiveCases } from "../../support/five-cases.ts";
import { systemBalance, takeSale } from "../../support/sales.ts";
import { createWorld, type World } from "../../support/world.ts";

async function settledSale(world: World, saleId: string) {
  const [sale] = await world.query<{ status: string; reasons: string[] }>(
    "select status, reasons from token_sales where id = $1",
    [saleId],
  );
  return sale;
}

const lines = (world: World, saleId: string) =>
  world.query<{ level: number; amount: string; status: string; beneficiary: string }>(
    `select level, amount_micro::text as amount, status, beneficiary_id::text as beneficiary from commissions where sale_id = $1 order by level`,
    [saleId],
  );

const WAITING = `select 1 from pg_locks l join pg_stat_activity a on a.pid = l.pid
                 where not l.granted and a.datname = current_database()`;

async function scene() {
  const world = await createWorld();
  const people = await chain(world, await organization(world), 6);
  const { saleId } = await takeSale(world, { buyer: people[5]! });
  return {
    world,
    payload: { saleId },
    rowGone: async () => ({ saleId: "999" }),
    async effectIsThereOnce() {
      expect(await settledSale(world, saleId)).toEqual({ status: "applied", reasons: [] });
      expect(await lines(world, saleId)).toHaveLength(5);
      expect(await balanceOf(world, people[4]!)).toBe("10050000");
      expect(await balanceOf(world, people[0]!)).toBe("2010000");
      expect(
        await world.query("select 1 from domain_events where event_type = 'commission.earned'"),
      ).toHaveLength(5);
    },
    async nothingHappened() {
      expect(await settledSale(world, saleId)).toMatchObject({ status: "accepted" });
      expect(await lines(world, saleId)).toEqual([]);
      expect(await balanceOf(world, people[4]!)).toBe("0");
    },
  };
}

fiveCases(distributeCommission, scene, { kill: "worker" });

describe("distribute-commission", () => {
  it("pays five levels of 100.50 as 10.05, 8.04, 6.03, 4.02, 2.01", async () => {
    const world = await createWorld();
    const people = await chain(world, await organization(world), 6);
    const buyer = people[5]!;
    const { saleId } = await takeSale(world, { buyer });
    await world.drain();
    expect(await settledSale(world, saleId)).toEqual({ status: "applied", reasons: [] });
    expect((await lines(world, saleId)).map((l) => l.amount)).toEqual([
      "10050000",
      "8040000",
      "6030000",
      "4020000",
      "2010000",
    ]);
    expect(await balanceOf(world, people[4]!)).toBe("10050000");
    expect(await balanceOf(world, people[0]!)).toBe("2010000");
    const events = await world.query(
      "select payload from domain_events where event_type = 'commission.earned'",
    );
    expect(events).toHaveLength(5);
    expect(await world.enqueued()).toEqual([]);
  });

  it("skips a sale that is applied, and one that does not exist, with the reason", async () => {
    const { world, payload } = await scene();
    await world.drain();
    for (const [saleId, reason] of [
      [payload.saleId, "the sale is already applied"],
      ["999", "no such sale"],
    ] as const)
      expect(await world.perform(distributeCommission, { saleId })).toMatchObject({
        skipped: 1,
        reasons: { [reason]: 1 },
      });
  });

  it("reads a sale once it has locked it: one that another transaction settles meanwhile is skipped", async () => {
    const { world, payload } = await scene();
    let settling: Promise<unknown> | undefined;
    await inTransaction(world.db, async (tx) => {
      await tx.execute(sql`select from token_sales where id = ${payload.saleId}::bigint for no key update`);
      settling = world.perform(distributeCommission, payload);
      await eventually(async () => expect(await world.query(WAITING)).toHaveLength(1));
      await tx.execute(
        sql`update token_sales set status = 'applied', settled_at = now() where id = ${payload.saleId}::bigint`,
      );
    });
    expect(await settling).toMatchObject({ skipped: 1, retry: 0 });
    expect(await lines(world, payload.saleId)).toEqual([]);
  });

  it("fails a sale alone whose commission would not fit into a balance; the treasury has no such limit", async () => {
    const world = await createWorld();
    const organizationId = await organization(world);
    const rich = await chain(world, organizationId, 2);
    const others = await chain(world, organizationId, 2);
    // The greatest bigint, and 1 token less.
    const least = 9_223_372_036_854_775_807n - 1_000_000n;
    const pay = (externalId: string, profileId: string): Posting => ({
      kind: "budget",
      source: "test",
      externalId,
      occurredAt: world.clock.now(),
      legs: [
        { account: "treasury", amountMicro: -least },
        { account: { profileId }, amountMicro: least },
      ],
    });
    await inTransaction(world.db, (tx) =>
      post(tx, [pay("1", rich[0]!.profileId), pay("2", rich[1]!.profileId)]),
    );
    const sales = [await takeSale(world, { buyer: rich[1]! }), await takeSale(world, { buyer: others[1]! })];
    const payloads = sales.map(({ saleId }) => ({ saleId }));
    expect(await world.perform(distributeCommission, ...payloads)).toMatchObject({ done: 1, retry: 1 });
    expect(await Promise.all(sales.map(({ saleId }) => settledSale(world, saleId)))).toEqual([
      { status: "accepted", reasons: [] },
      { status: "applied", reasons: [] },
    ]);
    expect(await world.enqueued(distributeCommission)).toMatchObject([
      { key: sales[0]!.saleId, attempts: 1, error: "22003" },
    ]);
    expect(await balanceOf(world, rich[0]!)).toBe(String(least));
    expect(await balanceOf(world, others[0]!)).toBe("10050000");
    expect(await systemBalance(world, "treasury")).toBe(String(-2n * least - 10_050_000n));
  });

  it("runs through Redis, from the outbox to the ledger", async () => {
    const world = await createWorld();
    const people = await chain(world, await organization(world), 6);
    await world.startWorkers();
    const { saleId } = await takeSale(world, { buyer: people[5]! });
    world.relay.wake();
    await eventually(async () =>
      expect(await settledSale(world, saleId)).toMatchObject({ status: "applied" }),
    );
  });

  it("holds the twelfth purchase of an hour, even if all are in one group", async () => {
    const world = await createWorld();
    const orgId = await organization(world);
    const buyer = await volunteer(world, {
      organizationId: orgId,
      referrer: await volunteer(world, { organizationId: orgId }),
    });
    const receipts = [];
    for (let i = 0; i < 13; i++)
      receipts.push(
        await takeSale(world, { buyer, soldAt: new Date(world.clock.now().getTime() - 60_000 + i) }),
      );
    await world.drain();
    const statuses = await Promise.all(
      receipts.map(async (r) => (await settledSale(world, r.saleId))?.status),
    );
    expect(statuses).toEqual([...Array(11).fill("applied"), "held", "held"]);
    const [held] = await world.query<{ n: string }>(
      "select count(*) as n from domain_events where event_type = 'commission.held'",
    );
    expect(held?.n).toBe("2");
  });
});
