import { describe, expect, it } from "vitest";
import { createCommunity, DatabaseInUse } from "../../../src/dev/demo/community.ts";
import { cli, environmentOf } from "../../support/cli.ts";
import { organization } from "../../support/factories.ts";
import { createWorld } from "../../support/world.ts";

const NOW = new Date("2026-03-08T02:00:00Z");

describe("createCommunity", () => {
  it("creates volunteers with correct uplines, and a second community beside the first", async () => {
    const world = await createWorld();
    const first = await createCommunity(world.db, { size: 300, seed: 1, now: NOW });
    const second = await createCommunity(world.db, { size: 300, seed: 1, now: NOW });
    expect(first.members).toHaveLength(300);
    expect(new Set([...first.members, ...second.members].map(({ userId }) => userId)).size).toBe(600);
    const [found] = await world.query(
      "select count(*)::int as n, max(cardinality(upline)) as depth from volunteer_profiles",
    );
    expect(found).toMatchObject({
      n: 600,
      depth: Math.min(5, Math.max(first.greatestDepth, second.greatestDepth)),
    });
    expect((await cli(environmentOf(world), "ledger:verify")).code).toBe(0);
  });

  it("refuses a database with other organizations", async () => {
    const world = await createWorld();
    await organization(world);
    await expect(createCommunity(world.db, { size: 5, seed: 1, now: NOW })).rejects.toThrow(DatabaseInUse);
    expect(await world.query("select id from users where id > 0")).toEqual([]);
  });
});
