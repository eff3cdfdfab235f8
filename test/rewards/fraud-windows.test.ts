import fc from "fast-check";
import { expect, it } from "vitest";
import { distributeCommission } from "../../src/workers/commissions/distribute-commission.ts";
import { chain, organization, type Person, volunteer } from "../support/factories.ts";
import { saleOf, takeSale } from "../support/sales.ts";
import { createWorld, type World } from "../support/world.ts";

const NOW = Date.parse("2026-06-30T12:00:00Z");
const TOKEN = 1_000_000n;

type Purchase = { readonly minutesAgo: number; readonly tokens: number };

/** Bursts within an hour, and purchases over four weeks. */
const purchases: fc.Arbitrary<Purchase[]> = fc.array(
  fc.record({
    minutesAgo: fc.oneof(fc.integer({ min: 0, max: 90 }), fc.integer({ min: 0, max: 28 * 24 * 60 })),
    tokens: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1_000, max: 100_000 })),
  }),
  { minLength: 2, maxLength: 30 },
);

let users = 1_000_000;

/** The sales of a buyer whom nobody knows yet, who then registers under a referrer. @returns their ids. */
async function buyThenRegister(
  world: World,
  { organizationId, referrer }: { organizationId: string; referrer: Person },
  bought: readonly Purchase[],
): Promise<string[]> {
  users += 1;
  const buyer = { userId: String(users) };
  const ids: string[] = [];
  for (const { minutesAgo, tokens } of bought) {
    const soldAt = new Date(NOW - minutesAgo * 60_000);
    const { saleId } = await takeSale(world, { buyer, soldAt, amount: BigInt(tokens) * TOKEN });
    ids.push(saleId);
  }
  await world.drain();
  expect(await saleOf(world, ids[0]!)).toMatchObject({ status: "unresolved" });
  await volunteer(world, { organizationId, referrer, ...buyer });
  return ids;
}

async function settle(world: World, groups: readonly (readonly string[])[]): Promise<void> {
  for (const group of groups) {
    await world.perform(distributeCommission, ...group.map((saleId) => ({ saleId })));
  }
}

const decisions = (world: World, ids: readonly string[]) => Promise.all(ids.map((id) => saleOf(world, id)));

async function scene() {
  const world = await createWorld({ at: new Date(NOW).toISOString() });
  const organizationId = await organization(world);
  const [referrer] = await chain(world, organizationId, 1);
  return { world, household: { organizationId, referrer: referrer! } };
}

it("any grouping and any order of the sales of a buyer decide the same", async () => {
  const { world, household } = await scene();
  await fc.assert(
    fc.asyncProperty(purchases, fc.infiniteStream(fc.nat()), async (bought, draws) => {
      const together = await buyThenRegister(world, household, bought);
      const apart = await buyThenRegister(world, household, bought);
      await settle(world, [together]);
      await settle(world, groupsOf(apart, draws));
      expect(await decisions(world, apart)).toEqual(await decisions(world, together));
    }),
    { numRuns: 12 },
  );
});

/** The ids in a random order, in groups of random sizes. */
function groupsOf(ids: readonly string[], draws: Iterator<number>): string[][] {
  const draw = (below: number) => (draws.next().value as number) % below;
  const left = [...ids];
  const groups: string[][] = [];
  while (left.length > 0) {
    const group: string[] = [];
    for (let size = 1 + draw(left.length); size > 0; size--) group.push(...left.splice(draw(left.length), 1));
    groups.push(group);
  }
  return groups;
}

it("30 purchases of one hour made before registering are held from the twelfth on, in one group and one by one", async () => {
  const { world, household } = await scene();
  const bought = Array.from({ length: 30 }, (_, index) => ({ minutesAgo: 30 - index, tokens: 10 }));
  for (const asGroups of [(ids: string[]) => [ids], (ids: string[]) => ids.map((id) => [id])]) {
    const ids = await buyThenRegister(world, household, bought);
    await settle(world, asGroups(ids));
    const statuses = (await decisions(world, ids)).map((sale) => sale?.status);
    expect(statuses).toEqual([...Array(11).fill("applied"), ...Array(19).fill("held")]);
  }
});

it("the sales of a buyer stay theirs when the host gives them a number, and do not become those of another", async () => {
  const { world, household } = await scene();
  const buyer = await volunteer(world, household);
  const buy = async (userId: string, minutesAgo: number) => {
    const soldAt = new Date(NOW - minutesAgo * 60_000);
    const { saleId } = await takeSale(world, { buyer: { userId }, soldAt, amount: 10n * TOKEN });
    await world.drain();
    return saleOf(world, saleId);
  };
  for (let n = 0; n < 11; n++) expect(await buy(buyer.userId, 40 - n)).toMatchObject({ status: "applied" });
  const other = await volunteer(world, household);
  await world.query("update users set host_id = '777000' where id = $1", [buyer.userId]);
  await world.query("update users set host_id = $2 where id = $1", [other.userId, buyer.userId]);
  expect(await buy("777000", 1)).toEqual({ status: "held", reasons: ["velocity"] });
  expect(await buy(buyer.userId, 1)).toEqual({ status: "applied", reasons: [] });
});
