import { describe, expect, it } from "vitest";
import { explain } from "../../src/explain/index.ts";
import { readMatchCandidates } from "../../src/project-matching/project-candidates.ts";
import { calculateMatches } from "../../src/workers/matching/calculate-matches.ts";
import { organization } from "../support/factories.ts";
import { enqueueRunIn } from "../support/jobs.ts";
import { giveSkills, projectFor, skilled } from "../support/matching.ts";
import { createWorld, type World } from "../support/world.ts";

async function run(world: World, input: { projectId?: string; volunteerId?: string } = {}) {
  await enqueueRunIn(world, calculateMatches, input);
  await world.drain();
}

const lists = (world: World) =>
  world.query(
    `select project_id, volunteer_id, match_score, coverage, cosine, jaccard, matched_skill_ids
     from volunteer_initiative_matches order by project_id, match_score desc, volunteer_id`,
  );

/** Two names of each of three skills, and one of a skill that the vocabulary does not know. */
const NAMES = ["JavaScript", "js", "PostgreSQL", "postgres", "Kubernetes", "k8s", "beekeeping on roofs"];

describe("spellings of a skill in project matching", () => {
  it("are one skill, as in recommendations", async () => {
    const world = await createWorld();
    const organizationId = await organization(world);
    const ada = await skilled(world, { js: 0.8 }, { organizationId });
    const both = await skilled(world, { js: 0.4, JavaScript: 1 }, { organizationId });
    const one = await projectFor(world, ["JavaScript", "postgres"], { organizationId, remote: true });
    const twice = await projectFor(world, ["js", "JavaScript"], { organizationId, remote: true });
    await run(world);
    const scores = async (project: string) =>
      (await lists(world))
        .filter(({ project_id }) => project_id === project)
        .map(({ volunteer_id, match_score, jaccard }) => [volunteer_id, match_score, jaccard]);
    expect(await scores(one)).toEqual([
      [both, 0.5, 0.5],
      [ada, 0.45, 0.5],
    ]);
    expect(await scores(twice)).toEqual([
      [both, 1, 1],
      [ada, 0.9, 1],
    ]);
    const page = { limit: 10, minimumScore: 0 };
    const [first] = await readMatchCandidates(
      world.db.drizzle,
      one,
      page as Parameters<typeof readMatchCandidates>[2],
    );
    expect(first).toMatchObject({ matchedSkills: ["js"], missingSkills: ["postgres"] });
    for (const user of [ada, both])
      expect((await explain(world.db.drizzle, "match", `${one}:${user}`))?.faults).toEqual([]);
  });

  it("give the same lists by a full run, for one project, and for one volunteer", async () => {
    const world = await createWorld();
    const organizationId = await organization(world);
    const pick = (n: number, step: number) => NAMES.filter((_, index) => (index * step + n) % 3 !== 0);
    const weights = (n: number, step: number) =>
      Object.fromEntries(pick(n, step).map((name, index) => [name, (1 + ((n + index) % 9)) / 10]));
    const people: string[] = [];
    for (let n = 0; n < 12; n++)
      people.push(await skilled(world, weights(n, 1 + (n % 2)), { organizationId }));
    const projects: string[] = [];
    for (let n = 0; n < 5; n++)
      projects.push(await projectFor(world, pick(n, 2), { organizationId, remote: true }));
    await run(world);
    const full = await lists(world);
    expect(full.length).toBeGreaterThan(20);
    for (const projectId of projects) await run(world, { projectId });
    expect(await lists(world)).toEqual(full);
    await giveSkills(world, people[3]!, { k8s: 0.9, postgres: 0.2 });
    await run(world, { volunteerId: people[3]! });
    const placed = await lists(world);
    expect(placed).not.toEqual(full);
    await run(world);
    expect(await lists(world)).toEqual(placed);
  });

  it("follow a skill that is renamed", async () => {
    const world = await createWorld();
    const organizationId = await organization(world);
    await skilled(world, { js: 1 }, { organizationId });
    await projectFor(world, ["JavaScript"], { organizationId, remote: true });
    await run(world);
    expect(await lists(world)).toHaveLength(1);
    await world.query("update skills set name = 'juggling' where name = 'js'");
    await run(world);
    expect(await lists(world)).toEqual([]);
  });
});
