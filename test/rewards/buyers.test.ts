import { expect, it } from "vitest";
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
