import { expect, it } from "vitest";
import { numberBuyer } from "../../src/rewards/number-buyer.ts";
import { readSale } from "../../src/rewards/read-sale.ts";
import { settleUnresolvedSales } from "../../src/workers/commissions/settle-unresolved-sales.ts";
import { chain, organization } from "../support/factories.ts";
import { saleOf, takeSale } from "../support/sales.ts";
import { createWorld } from "../support/world.ts";

async function scene() {
  const world = await createWorld();
  const people = await chain(world, await organization(world), 2);
  return { world, buyer: people[1]! };
}

it("a sale names its buyer by the host's id where that is a number", async () => {
  const { world, buyer } = await scene();
  await world.query("update users set host_id = '7001' where id = $1", [buyer.userId]);
  const { saleId } = await takeSale(world, { buyer: { userId: "7001" } });
  await world.drain();
  expect(await saleOf(world, saleId)).toMatchObject({ status: "applied" });
  // Our id is not the number of this user.
  const other = await takeSale(world, { buyer: { userId: buyer.userId } });
  await world.drain();
  expect(await saleOf(world, other.saleId)).toMatchObject({ status: "unresolved" });
});

it("a sale names its buyer by our id where the host's is not a number", async () => {
  const { world, buyer } = await scene();
  await world.query("update users set host_id = 'auth0|7f' where id = $1", [buyer.userId]);
  const { saleId } = await takeSale(world, { buyer: { userId: buyer.userId } });
  await world.drain();
  expect(await saleOf(world, saleId)).toMatchObject({ status: "applied" });
});

it("a sale whose buyer the host sends later is settled then, and never to a row that has its number as our id", async () => {
  const { world, buyer } = await scene();
  const early = await takeSale(world, { buyer: { userId: "7001" } });
  await world.drain();
  await world.query("insert into users (id, host_id) values (7001, '7002')");
  await world.query(
    `insert into volunteer_profiles (user_id, organization_id, referral_code) values (7001, 1, 'ABCD2345')`,
  );
  await world.perform(settleUnresolvedSales, {});
  await world.drain();
  expect(await saleOf(world, early.saleId)).toMatchObject({ status: "unresolved" });
  await world.query("update users set host_id = '7001' where id = $1", [buyer.userId]);
  await world.perform(settleUnresolvedSales, {});
  await world.drain();
  expect(await saleOf(world, early.saleId)).toMatchObject({ status: "applied" });
});

it("a sale names its buyer by the host's id that is a text, as a sale with the number does", async () => {
  const { world, buyer } = await scene();
  const uuid = "018f6b1c-aaaa-7000-8000-000000000001";
  await world.query("update users set host_id = $2 where id = $1", [buyer.userId, uuid]);
  const readBuyer = async (buyerUserId: string) => {
    const raw = Buffer.from(`{"user_id":${JSON.stringify(buyerUserId)},"amount":1,"transaction_id":"t"}`);
    const read = await numberBuyer(world.db.drizzle, readSale(raw, new Date()));
    return read.kind === "sale" ? read.sale.buyerUserId : read.faults;
  };
  expect(await readBuyer(uuid)).toBe(buyer.userId);
  expect(await readBuyer("7001")).toBe("7001");
  expect(await readBuyer("auth0|nobody")).toEqual([
    { field: "user_id", fault: "is not the id of a user; send the sale again once the user exists" },
  ]);
});
