import fc from "fast-check";
import { expect, it } from "vitest";
import { explain } from "../../src/explain/index.ts";
import { distributeCommission } from "../../src/workers/commissions/distribute-commission.ts";
import { faultsOfBooks } from "../support/books.ts";
import { chain, organization, type Person, volunteer } from "../support/factories.ts";
import { linesOf, saleOf, takeSale } from "../support/sales.ts";
import { size } from "../support/sizes.ts";
import { createWorld, type World } from "../support/world.ts";

const NOW = Date.parse("2026-06-30T12:00:00Z");
const TOKEN = 1_000_000n;

type Purchase = {
  readonly minutesAgo: number;
  readonly tokens: number;
  /** Purchases arrive in this order. */
  readonly arrival: number;
  /** Whether it is settled when it has arrived, or with later ones. */
  readonly settles: boolean;
  /** Whether all that is enqueued runs after that. */
  readonly drains: boolean;
};

/** Bursts within an hour, and purchases over four weeks, no two at the same time. */
const purchases: fc.Arbitrary<Purchase[]> = fc.uniqueArray(
  fc.record({
    minutesAgo: fc.oneof(fc.integer({ min: 0, max: 90 }), fc.integer({ min: 0, max: 28 * 24 * 60 })),
    tokens: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 500, max: 100_000 })),
    arrival: fc.nat(1_000),
    settles: fc.boolean(),
    drains: fc.boolean(),
  }),
  { minLength: 2, maxLength: 24, selector: ({ minutesAgo }) => minutesAgo },
);

const take = async (world: World, buyer: Person, { minutesAgo, tokens }: Purchase): Promise<string> => {
  const soldAt = new Date(NOW - minutesAgo * 60_000);
  return (await takeSale(world, { buyer, soldAt, amount: BigInt(tokens) * TOKEN })).saleId;
};

const outcome = async (world: World, saleId: string) => ({
  sale: await saleOf(world, saleId),
  lines: await linesOf(world, saleId),
});

/** Takes and settles purchases as they arrive. @returns the ids of the sales, by time of sale. */
async function inOrderOfArrival(world: World, buyer: Person, bought: readonly Purchase[]): Promise<string[]> {
  const ids = new Map<Purchase, string>();
  let unsettled: string[] = [];
  for (const purchase of bought.toSorted((a, b) => a.arrival - b.arrival)) {
    const saleId = await take(world, buyer, purchase);
    ids.set(purchase, saleId);
    unsettled.push(saleId);
    if (!purchase.settles) continue;
    await world.perform(distributeCommission, ...unsettled.map((id) => ({ saleId: id })));
    unsettled = [];
    if (purchase.drains) await world.drain();
  }
  await world.drain();
  return bought.map((purchase) => ids.get(purchase) as string);
}

it("settling sales as they arrive, with rechecks, gives the same decisions as settling them in order of time", async () => {
  const world = await createWorld({ at: new Date(NOW).toISOString() });
  const organizationId = await organization(world);
  const [, referrer] = await chain(world, organizationId, 2);
  const joins = () => volunteer(world, { organizationId, referrer: referrer! });
  await fc.assert(
    fc.asyncProperty(purchases, async (drawn) => {
      const bought = drawn.toSorted((a, b) => b.minutesAgo - a.minutesAgo);
      const late = await inOrderOfArrival(world, await joins(), bought);
      const buyer = await joins();
      const inTime: string[] = [];
      for (const purchase of bought) {
        inTime.push(await take(world, buyer, purchase));
        await world.drain();
      }
      for (const [index, saleId] of late.entries()) {
        expect(await outcome(world, saleId)).toEqual(await outcome(world, inTime[index] as string));
        expect(await explain(world.db.drizzle, "commission", saleId)).toMatchObject({ agrees: true });
      }
      expect(await faultsOfBooks(world)).toEqual([]);
    }),
    { numRuns: size(10, 100) },
  );
});
