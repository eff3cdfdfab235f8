import { describe, expect, it } from "vitest";
import { releaseCommission } from "../../../src/workers/commissions/release-commission.ts";
import { reverseSale } from "../../../src/workers/commissions/reverse-sale.ts";
import { balanceOf, chain, organization } from "../../support/factories.ts";
import { fiveCases } from "../../support/five-cases.ts";
import { heldSale, linesOf, movementsOf, saleOf, systemBalance, takeSale } from "../../support/sales.ts";
import { createWorld } from "../../support/world.ts";

async function scene() {
  const world = await createWorld();
  const people = await chain(world, await organization(world), 3);
  const saleId = await heldSale(world, people[2]!);
  return {
    world,
    people,
    saleId,
    payload: { saleId, actor: "ann" },
    rowGone: async () => ({ saleId: "999", actor: "ann" }),
    async effectIsThereOnce() {
      expect(await saleOf(world, saleId)).toMatchObject({ status: "applied" });
      expect(await balanceOf(world, people[1]!)).toBe("10050000");
      expect(await balanceOf(world, people[0]!)).toBe("8040000");
      expect(await systemBalance(world, "held")).toBe("0");
      expect(await movementsOf(world, saleId)).toEqual(["commission", "release"]);
      expect(
        await world.query("select 1 from domain_events where event_type = 'commission.earned'"),
      ).toHaveLength(2);
      expect(await world.query("select actor from audit_log where action = 'commission.release'")).toEqual([
        { actor: "ann" },
      ]);
    },
    async nothingHappened() {
      expect(await saleOf(world, saleId)).toMatchObject({ status: "held", reasons: ["late-receipt"] });
      expect(await balanceOf(world, people[1]!)).toBe("0");
      expect(await systemBalance(world, "held")).toBe("18090000");
      expect(await movementsOf(world, saleId)).toEqual(["commission"]);
    },
  };
}

fiveCases(releaseCommission, scene);

describe("release-commission", () => {
  it("pays nothing for a sale that was never held", async () => {
    const { world, people } = await scene();
    const { saleId } = await takeSale(world, { buyer: people[2]! });
    expect(await world.perform(releaseCommission, { saleId, actor: "ann" })).toMatchObject({
      reasons: { "the sale is accepted, not held": 1 },
    });
    await world.drain();
    expect(await world.perform(releaseCommission, { saleId, actor: "ann" })).toMatchObject({ skipped: 1 });
  });

  it("and a reversal of the same sale at the same time: one of them wins, and the ledger is consistent", async () => {
    for (let round = 0; round < 5; round++) {
      const { world, people, saleId, payload } = await scene();
      await Promise.all([world.perform(releaseCommission, payload), world.perform(reverseSale, payload)]);
      expect(await saleOf(world, saleId)).toMatchObject({ status: "reversed" });
      expect(await balanceOf(world, people[1]!)).toBe("0");
      expect(await systemBalance(world, "treasury")).toBe("0");
      expect(new Set((await linesOf(world, saleId)).map((line) => line.status))).toEqual(
        new Set(["reversed"]),
      );
    }
  });
});
