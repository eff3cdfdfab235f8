import { describe, expect, it } from "vitest";
import { explain } from "../../src/explain/index.ts";
import { calculateMatches } from "../../src/workers/matching/calculate-matches.ts";
import { organization } from "../support/factories.ts";
import { enqueueRunIn } from "../support/jobs.ts";
import { BERLIN, giveSkills, projectFor, skilled } from "../support/matching.ts";
import { createWorld, type World } from "../support/world.ts";

const run = async (world: World) => {
  await enqueueRunIn(world, calculateMatches, {});
  await world.drain();
};

const explained = async (world: World, projectId: string, volunteerId: string) => {
  const found = await explain(world.db.drizzle, "match", `${projectId}:${volunteerId}`);
  return {
    ...found,
    text: found?.steps.map(({ what, how }) => `${what}: ${how}`).join("\n") ?? "",
  };
};

describe("explain match", () => {
  it("shows how the percentage is made of matched skills, missing skills and the distance", async () => {
    const world = await createWorld();
    const organizationId = await organization(world);
    const location = { latitude: BERLIN.latitude + 0.26, longitude: BERLIN.longitude };
    const person = await skilled(world, { cooking: 0.8, music: 1 }, { organizationId, location });
    const project = await projectFor(world, ["cooking", "driving"], { organizationId, location: BERLIN });
    await run(world);
    const { text, agrees, ownerUserId } = await explained(world, project, person);
    expect({ agrees, ownerUserId }).toEqual({ agrees: true, ownerUserId: person });
    expect(text).toContain("skill: cooking, weight 0.8: 0.5 + 0.5 x 0.8 = 0.9000");
    expect(text).toContain("missing: driving: counts 0");
    expect(text).toContain("skill share: 0.9000 / 2 required = 0.45");
    expect(text).toMatch(/distance: 25 to 50 km away: 1 - min\(km \/ 100, 1\) = 0\.71/);
    expect(text).toMatch(/score: 0\.7 x 0\.45 \+ 0\.3 x 0\.71\d+ = 0\.52\d+, shown as 52 %/);
    expect(text).toContain("list: rank 1 of 1");
    expect(text).toContain("notice: no rule forbids one");
  });

  it("says why a volunteer is not on the list; the project's creator sees only those on it", async () => {
    const world = await createWorld({ environment: { MATCHES_PER_PROJECT: "1" } });
    const organizationId = await organization(world);
    const best = await skilled(world, { cooking: 0.8 }, { organizationId });
    const second = await skilled(world, { cooking: 0.6 }, { organizationId });
    const hidden = await skilled(world, { cooking: 1 }, { organizationId, visible: false });
    const other = await skilled(world, { music: 1 }, { organizationId });
    const project = await projectFor(world, ["cooking"], { organizationId, remote: true });
    const draft = await projectFor(world, ["cooking"], { organizationId, status: "draft" });
    await run(world);
    expect((await explained(world, project, second)).text).toContain(
      "not on it: it holds 1, and the last one scores 0.9",
    );
    const shy = await explained(world, project, hidden);
    expect(shy.text).toContain("on no list: their skills are hidden");
    expect(shy.text).not.toContain("cooking");
    expect((await explained(world, project, other)).text).toContain("none: no required skill matches");
    expect((await explained(world, draft, best)).text).toContain("it has no list: it is draft");
    for (const volunteer of [second, hidden, other])
      expect((await explained(world, project, volunteer)).agrees).toBe(true);
    const [creator] = await world.query<{ id: string }>(
      "select created_by as id from projects where id = $1",
      [project],
    );
    for (const volunteer of [second, hidden, other])
      expect((await explained(world, project, volunteer)).alsoFor).toEqual([]);
    expect((await explained(world, project, best)).alsoFor).toContain(creator!.id);
    await world.query("update volunteers set skills_visible = false where user_id = $1", [best]);
    expect((await explained(world, project, best)).alsoFor).toEqual([]);
  });

  it("reports a stored score that no longer follows from the profiles", async () => {
    const world = await createWorld();
    const organizationId = await organization(world);
    const person = await skilled(world, { cooking: 0.8 }, { organizationId });
    const project = await projectFor(world, ["cooking"], { organizationId });
    await run(world);
    await giveSkills(world, person, { cooking: 0.4 });
    const { agrees, faults } = await explained(world, project, person);
    expect(agrees).toBe(false);
    expect(faults).toEqual([
      "score: 0.9 is stored, 0.7 comes out; the next run of calculate-matches will update it",
    ]);
  });

  it("is undefined for pairs that do not exist", async () => {
    const world = await createWorld();
    for (const id of ["1:1", "1", "x:y", "1:"])
      expect(await explain(world.db.drizzle, "match", id)).toBeUndefined();
  });
});
