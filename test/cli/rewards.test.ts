import { describe, expect, test } from "vitest";
import { cli, environmentOf } from "../support/cli.ts";
import { rewardsScene } from "../support/rewards-scene.ts";
import { heldSale, saleOf } from "../support/sales.ts";

describe("commonwork explain", () => {
  test("shows the steps, and exits with 1 when the recomputed figure differs", async () => {
    const { world, people } = await rewardsScene();
    const ask = () => cli(environmentOf(world), "explain", "multiplier", people[0]!.profileId);
    const good = await ask();
    expect(good.code).toBe(0);
    expect(good.out).toContain("12 tasks approved in the 30 days before, in groups of 10: 0.05");
    expect(good.out).toContain("The stored figures match the recomputed ones.");
    await world.query("update multiplier_history set approved_in_30_days = 30");
    const spoiled = await ask();
    expect(spoiled.code).toBe(1);
    expect(spoiled.out).toContain("activity: 0.05 is stored, 0.13 comes out");
  });

  test("prints JSON, and rejects an unknown id", async () => {
    const { world, periodId, saleId } = await rewardsScene();
    for (const words of [
      ["award", periodId],
      ["commission", saleId],
    ]) {
      const { code, out } = await cli(environmentOf(world), "explain", ...words, "--json");
      expect([code, JSON.parse(out)]).toMatchObject([0, { agrees: true }]);
    }
    const { code, err } = await cli(environmentOf(world), "explain", "award", "999");
    expect([code, err]).toEqual([
      1,
      "There is no award 999. Expected <periodId> or <periodId>:<profileId>.\n",
    ]);
  });
});

describe("commonwork holds", () => {
  test("lists held sales, releases one and reverses another, each with an audit row", async () => {
    const { world, people, heldId } = await rewardsScene();
    const other = await heldSale(world, people[3]!);
    const run = (...words: string[]) => cli(environmentOf(world), "holds", ...words);
    expect((await run("list")).out).toContain("late-receipt");
    expect(JSON.parse((await run("list", "--after", heldId, "--json")).out)).toMatchObject([
      { saleId: other },
    ]);
    const decided = ["--reason=checked with the seller", "--yes"];
    expect(await run("release", heldId, "--yes")).toMatchObject({
      code: 1,
      err: expect.stringContaining("--reason"),
    });
    expect(await run("release", heldId, "--reason=x")).toMatchObject({
      code: 1,
      err: expect.stringContaining("--yes"),
    });
    expect(await run("release", heldId, "--dry-run")).toMatchObject({
      code: 0,
      out: expect.stringContaining("released 1"),
    });
    expect(await saleOf(world, heldId)).toMatchObject({ status: "held" });
    expect(await run("release", heldId, ...decided)).toMatchObject({ code: 0 });
    expect(await run("reverse", other, ...decided)).toMatchObject({ code: 0 });
    expect(await saleOf(world, heldId)).toMatchObject({ status: "applied" });
    expect(await saleOf(world, other)).toMatchObject({ status: "reversed" });
    expect((await run("list")).out).toBe("No sales are held.\n");
    expect(await run("release", heldId, ...decided)).toMatchObject({
      code: 1,
      out: expect.stringContaining("applied, not held"),
    });
    const audited = await world.query<{ actor: string; reason: string }>(
      "select actor, details->>'reason' as reason from audit_log where action in ('commission.release', 'sale.reverse')",
    );
    expect(audited.map(({ reason }) => reason)).toEqual(Array(2).fill("checked with the seller"));
    expect(audited.map(({ actor }) => actor)).toEqual([
      expect.stringMatching(/^cli:/),
      expect.stringMatching(/^cli:/),
    ]);
  });
});

describe("commonwork statement and referral:tree", () => {
  test("show a volunteer's account and whom they referred", async () => {
    const { world, people, periodId, saleId } = await rewardsScene();
    const run = (...words: string[]) => cli(environmentOf(world), ...words, "--user-id", people[0]!.userId);
    const { out } = await run("statement");
    expect(out).toMatch(new RegExp(`commission +6\\.03 +explain commission ${saleId}:3`));
    expect(out).toMatch(new RegExp(`budget +50\\.00 +explain award ${periodId}:`));
    expect(out).toContain("Balance 56.03");
    const first = await run("statement", "--limit", "1");
    const cursor = /--before (\S+)/.exec(first.out)?.[1];
    expect((await run("statement", "--before", cursor!)).out).toContain("budget");
    const tree = await run("referral:tree");
    expect(tree.out.split("\n").map((line) => line.trim().split(/[ :]/)[1])).toEqual([
      ...people.map((person) => person.profileId),
      undefined,
    ]);
    expect(tree.out).toContain("commissions 6.03");
  });

  test("take and show the host's ids where there are any, else ours", async () => {
    const { world, people, periodId } = await rewardsScene();
    const run = (user: string, ...words: string[]) => cli(environmentOf(world), ...words, "--user-id", user);
    const ours = await run(people[0]!.userId, "statement");
    expect(ours.out).toContain("Balance 56.03");
    await world.query("update users set host_id = 'ada' where id = $1", [people[0]!.userId]);
    await world.query("update organizations set host_id = 'green-city'");
    await world.query("update volunteer_profiles set host_id = 'profile-' || id");
    expect(await run(people[0]!.userId, "statement")).toMatchObject({ code: 1 });
    const { out } = await run("ada", "statement");
    const id = `${periodId}:profile-${people[0]!.profileId}`;
    expect(out).toContain("Balance 56.03");
    expect(out).toContain(`explain award ${id}`);
    expect((await run("ada", "statement", "--json")).out).toContain('"organizationId": "green-city"');
    const explained = await cli(environmentOf(world), "explain", "award", id, "--json");
    expect(JSON.parse(explained.out)).toMatchObject({ id, agrees: true });
    expect((await run("ada", "referral:tree")).out).toContain(
      `profile profile-${people[0]!.profileId} of organization green-city`,
    );
    const words = ["run", "distribute-budget", "--period", "weekly", "--pool", "500", "--inline"];
    const budget = (organization: string) =>
      cli(environmentOf(world), ...words, "--organization-id", organization);
    expect(await budget("green-city")).toMatchObject({ code: 0, out: expect.stringContaining("is done") });
    expect(await budget("1")).toMatchObject({ code: 1, err: "There is no organization 1.\n" });
  });

  test("reject an unknown user", async () => {
    const { world } = await rewardsScene();
    for (const command of ["statement", "referral:tree"]) {
      expect(await cli(environmentOf(world), command, "--user-id", "4711")).toMatchObject({
        code: 1,
        err: "There is no user 4711.\n",
      });
    }
  });
});

describe("commonwork run, for budgets and multipliers", () => {
  test("runs the commands of the documentation", async () => {
    const { world } = await rewardsScene();
    const run = (...words: string[]) => cli(environmentOf(world), "run", ...words, "--inline");
    const words = ["distribute-budget", "--period", "weekly", "--organization-id", "1", "--pool", "500"];
    expect(await run(...words)).toMatchObject({ code: 0, out: expect.stringContaining("is done") });
    expect(await run(...words)).toMatchObject({
      code: 0,
      out: expect.stringContaining("the period is already paid"),
    });
    expect(await run("recalculate-multipliers", "--organization-id", "1")).toMatchObject({ code: 0 });
    expect(await run("recalculate-multipliers", "--full")).toMatchObject({ code: 0 });
    const refused = await run(
      "distribute-budget",
      "--period",
      "yearly",
      "--organization-id",
      "0",
      "--pool",
      "much",
    );
    expect(refused.code).toBe(1);
  });
});
