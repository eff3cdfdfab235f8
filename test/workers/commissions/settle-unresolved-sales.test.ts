import { describe, expect, it } from "vitest";
import { settleUnresolvedSales } from "../../../src/workers/commissions/settle-unresolved-sales.ts";
import { balanceOf, chain, organization, volunteer } from "../../support/factories.ts";
import { movementsOf, saleOf, takeSale } from "../../support/sales.ts";
import { createWorld } from "../../support/world.ts";

const STRANGER = { userId: "900001" };

async function scene() {
  const world = await createWorld();
  const organizationId = await organization(world);
  const people = await chain(world, organizationId, 2);
  const { saleId } = await takeSale(world, { buyer: STRANGER });
  await world.drain();
  return { world, organizationId, people, saleId };
}

describe("settle-unresolved-sales", () => {
  it("pays a kept sale when its buyer has a profile, and only once", async () => {
    const { world, organizationId, people, saleId } = await scene();
    expect(await world.perform(settleUnresolvedSales, {})).toMatchObject({ counts: { found: 0 } });
    await volunteer(world, { organizationId, referrer: people[1]!, userId: STRANGER.userId });
    expect(await world.perform(settleUnresolvedSales, {})).toMatchObject({ counts: { found: 1 } });
    await world.perform(settleUnresolvedSales, {});
    await world.drain();
    expect(await world.perform(settleUnresolvedSales, {})).toMatchObject({ counts: { found: 0 } });
    expect(await saleOf(world, saleId)).toEqual({ status: "applied", reasons: [] });
    expect(await movementsOf(world, saleId)).toEqual(["commission"]);
    expect(await balanceOf(world, people[1]!)).toBe("10050000");
  });

  it("leaves sales of unknown buyers unchanged", async () => {
    const { world, saleId } = await scene();
    await world.perform(settleUnresolvedSales, {});
    await world.drain();
    expect(await saleOf(world, saleId)).toMatchObject({ status: "unresolved" });
    expect(await world.enqueued()).toEqual([]);
  });
});
