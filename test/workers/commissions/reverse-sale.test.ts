import { describe, expect, it } from "vitest";
import { explainCommission } from "../../../src/explain/commission.ts";
import { COMMISSION_POLICY } from "../../../src/scoring/rewards/commission-policy.ts";
import { releaseCommission } from "../../../src/workers/commissions/release-commission.ts";
import { reverseSale } from "../../../src/workers/commissions/reverse-sale.ts";
import { faultsOfBooks } from "../../support/books.ts";
import { balanceOf, chain, organization, volunteer } from "../../support/factories.ts";
import { fiveCases } from "../../support/five-cases.ts";
import { enqueueIn, enqueueRunIn } from "../../support/jobs.ts";
import { heldSale, linesOf, movementsOf, saleOf, systemBalance, takeSale } from "../../support/sales.ts";
import { createWorld, type World } from "../../support/world.ts";

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

  it("reverses the stored commissions, whatever the current rates and referrers are", async () => {
    const { world, people, saleId, payload, effectIsThereOnce } = await scene();
    await world.query("update volunteer_profiles set referrer_id = null where id = $1", [
      people[2]!.profileId,
    ]);
    const [id] = await enqueueIn(world, reverseSale, payload);
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

describe("a refund of a part of a sale", () => {
  const refund = (world: World, saleId: string, amount: string) =>
    world.perform(reverseSale, { saleId, amount, actor });

  it("takes back its part of every line, and leaves the sale applied", async () => {
    const { world, people, saleId } = await scene();
    expect(await refund(world, saleId, "50.25")).toMatchObject({
      done: 1,
      counts: { refunded: 1, lines: 2 },
    });
    expect(await saleOf(world, saleId)).toMatchObject({ status: "applied" });
    expect(await movementsOf(world, saleId)).toEqual(["commission"]);
    // Half of 10.05 and 8.04: 9.045, half up to 9.05, by largest remainder of what is left.
    expect(await balanceOf(world, people[1]!)).toBe("5020000");
    expect(await balanceOf(world, people[0]!)).toBe("4020000");
    expect(
      await world.query("select refunded_micro::text as refunded from token_sales where id = $1", [saleId]),
    ).toEqual([{ refunded: "50250000" }]);
    expect(await faultsOfBooks(world)).toEqual([]);
  });

  it("is one of several: the last one reverses the sale, and all is taken back", async () => {
    const { world, people, saleId } = await scene();
    for (const amount of ["33.50", "33.50"]) await refund(world, saleId, amount);
    expect(await refund(world, saleId, "33.50")).toMatchObject({ counts: { reversed: 1 } });
    expect(await saleOf(world, saleId)).toMatchObject({ status: "reversed" });
    for (const person of people) expect(await balanceOf(world, person)).toBe("0");
    expect(await refund(world, saleId, "0.01")).toMatchObject({ skipped: 1 });
    expect(await faultsOfBooks(world)).toEqual([]);
  });

  it("is followed by a reversal of what is left", async () => {
    const { world, people, saleId, payload } = await scene();
    await refund(world, saleId, "0.03");
    await world.perform(reverseSale, payload);
    for (const person of people) expect(await balanceOf(world, person)).toBe("0");
    expect(await faultsOfBooks(world)).toEqual([]);
  });

  it("is at most what is left of the sale: more is refused, and changes nothing", async () => {
    const { world, people, saleId } = await scene();
    await refund(world, saleId, "100");
    const before = await balanceOf(world, people[1]!);
    expect(await refund(world, saleId, "0.51")).toMatchObject({
      skipped: 1,
      reasons: { "more than is left of the sale": 1 },
    });
    expect(await balanceOf(world, people[1]!)).toBe(before);
  });

  it("of a held sale comes out of the held account, and a release pays the rest", async () => {
    const { world, people } = await scene();
    const saleId = await heldSale(world, people[2]!);
    await refund(world, saleId, "50.25");
    expect(await systemBalance(world, "held")).toBe("9040000");
    await world.perform(releaseCommission, { saleId, actor });
    expect(await systemBalance(world, "held")).toBe("0");
    expect(await balanceOf(world, people[1]!)).toBe(String(10_050_000 + 5_020_000));
    expect(await faultsOfBooks(world)).toEqual([]);
  });

  it("of a sale that is not decided yet lowers the amount that its commissions are decided on", async () => {
    const { world, people } = await scene();
    const { saleId } = await takeSale(world, { buyer: people[2]! });
    await refund(world, saleId, "50.25");
    await world.drain();
    expect((await linesOf(world, saleId)).map(({ amount }) => amount)).toEqual(["5030000", "4020000"]);
    expect(await explainCommission(world.db.drizzle, saleId)).toMatchObject({ agrees: true });
    // A later refund is in proportion to what was decided on.
    await refund(world, saleId, "50.25");
    expect(await saleOf(world, saleId)).toMatchObject({ status: "reversed" });
    expect(await faultsOfBooks(world)).toEqual([]);
  });

  it("is one refund for one run, whatever the amount of another one is", async () => {
    const { world, saleId } = await scene();
    for (const _ of [1, 2]) {
      await enqueueRunIn(world, reverseSale, { saleId, amount: "10", actor });
      await world.drain();
    }
    expect(
      await world.query("select source, amount_micro::text as amount, status from sale_refunds order by id"),
    ).toEqual(Array(2).fill({ source: "operator", amount: "10000000", status: "applied" }));
  });
});
