import { distributeBudget } from "../../src/workers/budgets/distribute-budget.ts";
import { recalculateMultipliers } from "../../src/workers/multipliers/recalculate-multipliers.ts";
import { periodsOf } from "./budgets.ts";
import { chain, organization, type Person } from "./factories.ts";
import { heldSale, takeSale } from "./sales.ts";
import { approve, template } from "./tasks.ts";
import { createWorld, type World } from "./world.ts";

export const NOW = "2026-03-09T02:00:00Z";

export type RewardsScene = {
  world: World;
  /** The first has no referrer, each other one is referred by the one before; the last one buys. */
  people: Person[];
  saleId: string;
  heldId: string;
  periodId: string;
};

/** A community of four with a paid sale, a held one, a changed multiplier and a distributed daily budget. */
export async function rewardsScene(environment: Record<string, string> = {}): Promise<RewardsScene> {
  const world = await createWorld({ at: NOW, environment });
  return { world, ...(await rewardsDay(world)) };
}

/** The same, in a world whose clock shows NOW. */
export async function rewardsDay(world: World): Promise<Omit<RewardsScene, "world">> {
  const organizationId = await organization(world, { timeZone: "UTC" });
  const people = await chain(world, organizationId, 4);
  const task = await template(world, { xpReward: 20, levelRequired: 1 });
  await approve(world, people[0]!, 12, "2026-03-07T12:00:00Z", task);
  await world.perform(recalculateMultipliers, { full: false });
  await world.drain();
  await approve(world, people[0]!, 3, "2026-03-08T12:00:00Z", task);
  await approve(world, people[1]!, 2, "2026-03-08T11:00:00Z", task);
  await approve(world, people[2]!, 1, "2026-03-08T10:00:00Z", await template(world, { xpReward: 0 }));
  await world.perform(distributeBudget, { period: "daily", organizationId });
  const { saleId } = await takeSale(world, { buyer: people[3]! });
  await world.drain();
  const heldId = await heldSale(world, people[3]!);
  const [period] = await periodsOf(world, organizationId);
  return { people, saleId, heldId, periodId: period!.id };
}
