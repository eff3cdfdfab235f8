import { describe, expect, it } from "vitest";
import { readSale } from "../../src/rewards/read-sale.ts";
import { distributeCommission } from "../../src/workers/commissions/distribute-commission.ts";
import { reverseSale } from "../../src/workers/commissions/reverse-sale.ts";
import { balanceOf, chain, organization, volunteer } from "../support/factories.ts";
import { linesOf, movementsOf, saleOf, systemBalance, takeSale } from "../support/sales.ts";
import { createWorld } from "../support/world.ts";

async function market(length = 6) {
  const world = await createWorld();
  const organizationId = await organization(world);
  const people = await chain(world, organizationId, length);
  return { world, organizationId, people, buyer: people.at(-1)! };
}

/** Defects of the system that this one replaces. */
describe("defects of the earlier system", () => {
  it("defect 1: a redelivered webhook pays once", async () => {
    const { world, people, buyer } = await market();
    const first = await takeSale(world, { buyer, externalId: "tx" });
    await world.drain();
    const again = await takeSale(world, { buyer, externalId: "tx" });
    await world.drain();
    expect(again).toEqual({ ...first, status: "duplicate" });
    expect(await movementsOf(world, first.saleId)).toEqual(["commission"]);
    expect(await balanceOf(world, people[4]!)).toBe("10050000");
  });

  it("defect 1: a retried job pays once", async () => {
    const { world, people, buyer } = await market();
    const { saleId } = await takeSale(world, { buyer });
    await world.drain();
    for (let n = 0; n < 3; n++) await world.perform(distributeCommission, { saleId });
    expect(await balanceOf(world, people[4]!)).toBe("10050000");
    await world.perform(reverseSale, { saleId, actor: "test" });
    await world.perform(distributeCommission, { saleId });
    expect(await balanceOf(world, people[4]!)).toBe("0");
  });

  it("defect 2: the lines never sum to more than the total, for any amount", async () => {
    const { world, buyer } = await market();
    for (const amount of [505_000n, 1_115_000n, 99_999_999n, 100_000_001n, 333_333_333n]) {
      const { saleId } = await takeSale(world, { buyer, amount });
      await world.drain();
      const paid = (await linesOf(world, saleId)).reduce((sum, line) => sum + BigInt(line.amount), 0n);
      const exact = amount * 3_000n;
      expect(paid * 10_000n).toBeLessThanOrEqual(exact + 50_000_000n);
      expect(paid * 10_000n).toBeGreaterThan(exact - 50_000_000n);
      expect(paid % 10_000n).toBe(0n);
    }
  });

  it("defect 3: the minimum is compared before rounding", async () => {
    const { world, buyer } = await market();
    const cents = async (amount: bigint) => {
      const { saleId } = await takeSale(world, { buyer, amount });
      await world.drain();
      return (await linesOf(world, saleId)).map((line) => line.amount);
    };
    // 0.40: level 5 is 0.008, which would round to 0.01 but is below the minimum.
    expect(await cents(400_000n)).toEqual(["40000", "30000", "20000", "20000"]);
    expect(await cents(40_000n)).toEqual([]);
  });

  it("defect 10: buyers do not earn from their own sale through another profile in the chain", async () => {
    const { world, organizationId } = await market(1);
    const elsewhere = await organization(world);
    const buyer = await volunteer(world, { organizationId: elsewhere });
    const top = await volunteer(world, { organizationId, userId: buyer.userId });
    const middle = await volunteer(world, { organizationId, referrer: top });
    await world.query("update volunteer_profiles set referrer_id = null where id = $1", [top.profileId]);
    const bought = await volunteer(world, { organizationId, referrer: middle });
    // The same user: the profile that buys and the one two levels above it.
    await world.query(
      "alter table volunteer_profiles drop constraint if exists volunteer_profiles_user_organization",
    );
    await world.query("drop index volunteer_profiles_user_organization");
    await world.query("update volunteer_profiles set user_id = $1 where id = $2", [
      buyer.userId,
      bought.profileId,
    ]);
    const { saleId } = await takeSale(world, { buyer });
    await world.drain();
    expect((await linesOf(world, saleId)).map((line) => line.beneficiary)).toEqual([middle.profileId]);
    expect(await balanceOf(world, top)).toBe("0");
  });

  it("defect 13: the sale of an unknown user is kept, and paid once there is a profile", async () => {
    const { world, organizationId, people } = await market(2);
    const { saleId, status } = await takeSale(world, { buyer: { userId: "900001" } });
    expect(status).toBe("accepted");
    await world.drain();
    expect(await saleOf(world, saleId)).toMatchObject({ status: "unresolved" });
    await volunteer(world, { organizationId, referrer: people[1]!, userId: "900001" });
    await world.perform(distributeCommission, { saleId });
    expect(await saleOf(world, saleId)).toMatchObject({ status: "applied" });
    expect(await balanceOf(world, people[1]!)).toBe("10050000");
  });

  it("defect 14: a sale in another currency is refused", async () => {
    const sale = (currency: string) =>
      readSale(
        Buffer.from(`{"user_id":1,"amount":1,"transaction_id":"t","currency":"${currency}"}`),
        new Date(),
      );
    expect(sale("SCICENT").kind).toBe("sale");
    for (const currency of ["EUR", "scicent", "SCICENT ", ""])
      expect(sale(currency)).toMatchObject({ kind: "faults" });
  });

  it("defect 17: VOLUNTEER_SCHEDULER_MIN_COMMISSION and COMMISSION_RATES_BPS decide what is paid", async () => {
    const environment = {
      VOLUNTEER_SCHEDULER_MIN_COMMISSION: "5",
      COMMISSION_RATES_BPS: "2000,800,600,400,200",
    };
    const world = await createWorld({ environment });
    const people = await chain(world, await organization(world), 6);
    const { saleId } = await takeSale(world, { buyer: people[5]! });
    await world.drain();
    // 100.50: levels 4 and 5 would be 4.02 and 2.01.
    expect((await linesOf(world, saleId)).map((line) => line.amount)).toEqual([
      "20100000",
      "8040000",
      "6030000",
    ]);
  });

  it("the shares of missing levels stay in the treasury", async () => {
    const { world, buyer } = await market(3);
    await takeSale(world, { buyer });
    await world.drain();
    expect(await systemBalance(world, "treasury")).toBe("-18090000");
  });
});
