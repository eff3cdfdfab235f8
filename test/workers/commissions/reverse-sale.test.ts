import { describe, expect, it } from "vitest";
import { COMMISSION_POLICY } from "../../../src/scoring/rewards/commission-policy.ts";
import { releaseCommission } from "../../../src/workers/commissions/release-commission.ts";
import { reverseSale } from "../../../src/workers/commissions/reverse-sale.ts";
import { balanceOf, chain, organization, volunteer } from "../../support/factories.ts";
import { fiveCases } from "../../support/five-cases.ts";
import { ask } from "../../support/jobs.ts";
import { heldSale, linesOf, movementsOf, saleOf, systemBalance, takeSale } from "../../support/sales.ts";
import { createWorld } from "../../support/world.ts";

const actor = "ann";

async function scene() {
  const world = await createWorld();
  const organizationId = await organization(world);
  const people = await chain(world, organizationId, 3);
  const { saleId } = await takeSale(world, { buyer: people[2]! });
  await world.drain();
  return {
    world,
    organizationId,
    people,
    saleId,
    payload: { saleId, actor },
    rowGone: async () => ({ saleId: "999", actor }),
    async effectIsThereOnce() {
      expect(await saleOf(world, saleId)).toMatchObject({ status: "reversed" });
      expect(await movementsOf(world, saleId)).toEqual(["commission", "reversal"]);
      for (const person of people) expect(await balanceOf(world, person)).toBe("0");
      expect(await systemBalance(world, "treasury")).toBe("0");
      expect((await linesOf(world, saleId)).map((line) => line.status)).toEqual(["reversed", "reversed"]);
    },
    async nothingHappened() {
      expect(await saleOf(world, saleId)).toMatchObject({ status: "applied" });
      expect(await balanceOf(world, people[1]!)).toBe("10050000");
    },
  };
}

fiveCases(reverseSale, scene);

describe("reverse-sale", () => {
  it("reverses a held sale from the held account", async () => {
    const { world, people } = await scene();
    const saleId = await heldSale(world, people[2]!);
    expect(await systemBalance(world, "held")).toBe("18090000");
    await world.perform(reverseSale, { saleId, actor });
    expect(await systemBalance(world, "held")).toBe("0");
    expect(await balanceOf(world, people[1]!)).toBe("10050000");
    expect(await saleOf(world, saleId)).toMatchObject({ status: "reversed" });
  });

  it("reverses a released sale from its beneficiaries", async () => {
    const { world, people } = await scene();
    const saleId = await heldSale(world, people[2]!);
    await world.perform(releaseCommission, { saleId, actor });
    await world.perform(reverseSale, { saleId, actor });
    expect(await movementsOf(world, saleId)).toEqual(["commission", "release", "reversal"]);
    expect(await balanceOf(world, people[1]!)).toBe("10050000");
    expect(await world.perform(releaseCommission, { saleId, actor })).toMatchObject({ skipped: 1 });
  });

  it("moves nothing for a sale without commissions, and keeps it from being paid later", async () => {
    const { world, organizationId } = await scene();
    const stranger = { userId: "4711" };
    const { saleId } = await takeSale(world, { buyer: stranger });
    await world.drain();
    expect(await saleOf(world, saleId)).toMatchObject({ status: "unresolved" });
    await world.perform(reverseSale, { saleId, actor });
    const referrer = await volunteer(world, { organizationId });
    await volunteer(world, { organizationId, referrer, userId: stranger.userId });
    await world.drain();
    expect(await saleOf(world, saleId)).toMatchObject({ status: "reversed" });
    expect(await movementsOf(world, saleId)).toEqual([]);
  });

  it("keeps a sale that is not settled from being paid", async () => {
    const { world, people } = await scene();
    const { saleId } = await takeSale(world, { buyer: people[2]! });
    await world.perform(reverseSale, { saleId, actor });
    await world.drain();
    expect(await saleOf(world, saleId)).toMatchObject({ status: "reversed" });
    expect(await linesOf(world, saleId)).toEqual([]);
  });

  it("reverses what was stored, whatever the current rates and referrers are", async () => {
    const { world, people, saleId, payload, effectIsThereOnce } = await scene();
    await world.query("update volunteer_profiles set referrer_id = null where id = $1", [
      people[2]!.profileId,
    ]);
    const [id] = await ask(world, reverseSale, payload);
    const commissions = { ...COMMISSION_POLICY, ratesBps: [500] };
    const settings = { ...world.settings, commissions };
    expect(await world.run(reverseSale, [id!], { settings })).toMatchObject({ done: 1 });
    await effectIsThereOnce();
    expect((await linesOf(world, saleId)).map((line) => line.amount)).toEqual(["10050000", "8040000"]);
  });

  it("records the actor and the status before", async () => {
    const { world, payload, saleId } = await scene();
    await world.perform(reverseSale, payload);
    expect(await world.query("select actor, action, subject, details from audit_log")).toEqual([
      { actor, action: "sale.reverse", subject: `token_sales:${saleId}`, details: { was: "applied" } },
    ]);
  });
});
