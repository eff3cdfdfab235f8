import { expect, it } from "vitest";
import { rows } from "../../src/db/statement.ts";
import { readProjects } from "../../src/project-matching/project-facts.ts";
import { boundedProjects } from "../../src/project-matching/score-bound.ts";
import { readVolunteer } from "../../src/project-matching/volunteer-facts.ts";
import { matchOf, scoreBound, weightsOf } from "../../src/scoring/project-matching/match.ts";
import { organization } from "../support/factories.ts";
import { BERLIN, projectFor, skilled } from "../support/matching.ts";
import { createWorld } from "../support/world.ts";

const SKILLS = ["cooking", "driving", "law", "maths", "music"];

it("the SQL bound is scoreBound and a little for rounding, for every project that requires a skill of theirs", async () => {
  const world = await createWorld();
  const on = world.db.drizzle;
  const organizationId = await organization(world);
  const subsets = Array.from({ length: 2 ** SKILLS.length - 1 }, (_, n) =>
    SKILLS.filter((_, bit) => ((n + 1) >> bit) & 1),
  );
  for (const [n, names] of subsets.entries())
    await projectFor(world, names, {
      organizationId,
      remote: n % 3 === 0,
      ...(n % 2 === 0 ? { location: BERLIN } : {}),
    });
  const ids = (await world.query<{ id: string }>("select id from projects")).map(({ id }) => id);
  const projects = await readProjects(on, { ids });
  for (const weights of [
    { cooking: 0.1 },
    { cooking: 0.55, law: 1 },
    { driving: 0.3, maths: 0.7, music: 0.999 },
  ]) {
    const userId = await skilled(world, weights, { organizationId, location: BERLIN });
    const volunteer = await readVolunteer(on, userId);
    const bounds = await rows<{ id: string; bound: number }>(on, boundedProjects([userId]));
    const expected = projects.flatMap((project) => {
      const match = matchOf(project, volunteer!);
      if (!match) return [];
      const milli = weightsOf(project, volunteer!).reduce((sum, w) => sum + (w > 0 ? 1_000 + w : 0), 0);
      return [
        { id: String(project.id), match, bound: scoreBound(milli, project.requiredSkillIds.length, project) },
      ];
    });
    expect(bounds.map(({ id }) => id).sort()).toEqual(expected.map(({ id }) => id).sort());
    for (const { id, match, bound } of expected) {
      const found = bounds.find((one) => one.id === id)!;
      expect(found.bound).toBeGreaterThanOrEqual(match.score);
      expect(found.bound - bound).toBeGreaterThan(0);
      expect(found.bound - bound).toBeLessThan(2e-6);
    }
  }
});

it("there are no rows for somebody who hides their skills", async () => {
  const world = await createWorld();
  const organizationId = await organization(world);
  const hidden = await skilled(world, { cooking: 1 }, { organizationId, visible: false });
  await projectFor(world, ["cooking"], { organizationId });
  expect(await rows(world.db.drizzle, boundedProjects([hidden]))).toEqual([]);
});
