import { describe, expect, it } from "vitest";
import { buildBlocks, rankedVolunteers, rankProjects } from "../../src/project-matching/rank.task.ts";
import type { MatchProject, MatchVolunteer } from "../../src/scoring/project-matching/match.ts";
import { indexOf } from "../support/skill-index.ts";

const person = (id: number, skills: [number, number][]): MatchVolunteer => ({
  id,
  skills: new Map(skills),
  location: null,
});
const project = (id: number, ...requiredSkillIds: number[]): MatchProject & { capacity: number } => ({
  id,
  requiredSkillIds,
  location: null,
  remote: true,
  capacity: 5,
});
const people = [
  person(9, [[1, 1_000]]),
  person(3, [
    [1, 500],
    [2, 500],
    [7, 100],
  ]),
  person(4, [[5, 500]]),
];
const projects = [project(20, 1, 2), project(21, 6), project(22, 1)];

describe("rankProjects", () => {
  it("returns columns of numbers, project by project, scores in millionths, each set of skills once", () => {
    expect(
      rankProjects({ blocks: indexOf(people), projects, skillCounts: null, projectsPerPiece: 9 }),
    ).toEqual([
      {
        projectIds: Float64Array.of(20, 20, 22, 22),
        volunteerIds: Float64Array.of(3, 9, 9, 3),
        scores: Int32Array.of(750_000, 500_000, 1_000_000, 750_000),
        coverages: Int32Array.of(500_000, 500_000, 1_000_000, 500_000),
        cosines: Int32Array.of(1_000_000, 707_107, 1_000_000, 1_000_000),
        jaccards: Int32Array.of(666_667, 500_000, 1_000_000, 333_333),
        locationScores: Int32Array.of(-1, -1, -1, -1),
        skillSetIndexes: Int32Array.of(0, 1, 2, 2),
        skillSets: [[1, 2], [1], [1]],
      },
    ]);
  });

  it("returns pieces of the given number of projects", () => {
    const input = { blocks: indexOf(people), projects, skillCounts: null, projectsPerPiece: 2 };
    expect(rankProjects(input).map(({ projectIds }) => [...projectIds])).toEqual([
      [20, 20],
      [22, 22],
    ]);
  });

  it("uses the given numbers of skills where the blocks hold only some skills", () => {
    const blocks = indexOf([person(9, [[1, 1_000]])]);
    const wanted = [project(22, 1)];
    expect(rankedVolunteers({ blocks, projects: wanted })).toEqual([9]);
    const skillCounts = new Map([[9, 4]]);
    expect(rankProjects({ blocks, projects: wanted, skillCounts, projectsPerPiece: 1 })[0]?.jaccards).toEqual(
      Int32Array.of(250_000),
    );
  });

  it("returns no rows without volunteers or projects", () => {
    expect(rankProjects({ blocks: [], projects, skillCounts: null, projectsPerPiece: 9 })).toMatchObject([
      { projectIds: new Float64Array(), skillSets: [] },
    ]);
    expect(rankedVolunteers({ blocks: indexOf(people), projects: [] })).toEqual([]);
    expect(buildBlocks([{ number: 3, skills: [""], locations: [] }])).toMatchObject([
      { number: 3, allLocated: true },
    ]);
  });
});
