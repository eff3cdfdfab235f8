import { describe, expect, it } from "vitest";
import { inTransaction } from "../../../src/db/transaction.ts";
import { claimEntries } from "../../../src/queues/execution.ts";
import { distributeCommission } from "../../../src/workers/commissions/distribute-commission.ts";
import { eventually } from "../../support/eventually.ts";
import { balanceOf, chain, organization, volunteer } from "../../support/factories.ts";
import { takeSale } from "../../support/sales.ts";
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

  it("twice is once", async () => {
    const world = await createWorld();
    const people = await chain(world, await organization(world), 3);
    const { saleId } = await takeSale(world, { buyer: people[2]! });
    await world.drain();
    const again = await world.perform(distributeCommission, { saleId });
    expect(again).toMatchObject({ skipped: 1, reasons: { "the sale is applied already": 1 } });
    expect(await lines(world, saleId)).toHaveLength(2);
  });

  it("does nothing when the sale is gone", async () => {
    const world = await createWorld();
    expect(await world.perform(distributeCommission, { saleId: "999" })).toMatchObject({
      skipped: 1,
      reasons: { "no such sale": 1 },
    });
  });

  it("two at once pay once", async () => {
    const world = await createWorld();
    const people = await chain(world, await organization(world), 6);
    const { saleId } = await takeSale(world, { buyer: people[5]! });
    const [entry] = await world.enqueued(distributeCommission);
    const tallies = await Promise.all([1, 2, 3, 4].map(() => world.run(distributeCommission, [entry!.id])));
    expect(tallies.reduce((sum, t) => sum + t.done, 0)).toBe(1);
    expect(tallies.reduce((sum, t) => sum + t.duplicate, 0)).toBe(3);
    expect(await lines(world, saleId)).toHaveLength(5);
  });

  it("killed half-way leaves nothing half done, and is done by the next", async () => {
    const world = await createWorld();
    const people = await chain(world, await organization(world), 6);
    const { saleId } = await takeSale(world, { buyer: people[5]! });
    const [entry] = await world.enqueued(distributeCommission);
    const killed = inTransaction(world.db, async (tx) => {
      await claimEntries(tx, { ids: [entry!.id], names: [distributeCommission.name] });
      await tx.execute("select pg_terminate_backend(pg_backend_pid())");
    });
    await expect(killed).rejects.toThrow();
    expect(await settledSale(world, saleId)).toMatchObject({ status: "accepted" });
    await world.drain();
    expect(await settledSale(world, saleId)).toMatchObject({ status: "applied" });
    expect(await lines(world, saleId)).toHaveLength(5);
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

  it("holds the twelfth purchase of an hour, also when all come in one group", async () => {
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
