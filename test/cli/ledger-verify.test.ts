import { describe, expect, it } from "vitest";
import { CHECK_NAMES } from "../../src/rewards/invariants.ts";
import { cli, environmentOf } from "../support/cli.ts";
import { chain, organization } from "../support/factories.ts";
import { takeSale } from "../support/sales.ts";
import { createWorld } from "../support/world.ts";

describe("commonwork ledger:verify", () => {
  it("prints each check and exits with 0 when all pass", async () => {
    const world = await createWorld();
    const people = await chain(world, await organization(world), 4);
    await takeSale(world, { buyer: people[3] as { userId: string } });
    await world.drain();
    const answer = await cli(environmentOf(world), "ledger:verify");
    expect(answer).toMatchObject({ code: 0, err: "" });
    for (const check of CHECK_NAMES) expect(answer.out).toMatch(new RegExp(`^${check} +0 `, "m"));
    expect(answer.out).toContain("The ledger is consistent.");
  });

  it("exits with 1 on any drift and names the check", async () => {
    const world = await createWorld();
    const people = await chain(world, await organization(world), 2);
    await takeSale(world, { buyer: people[1] as { userId: string } });
    await world.drain();
    await world.query("update ledger_balances set balance_micro = balance_micro + 1 where balance_micro > 0");
    const answer = await cli(environmentOf(world), "ledger:verify", "--json");
    expect(answer.code).toBe(1);
    const { drift, checks } = JSON.parse(answer.out);
    expect(drift).toBe(1);
    expect(checks.filter(({ faults }: { faults: number }) => faults > 0)).toMatchObject([
      { check: "balances", faults: 1 },
    ]);
  });
});
