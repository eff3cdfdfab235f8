import { describe, expect, it } from "vitest";
import type { MatchProject, MatchVolunteer } from "../../src/scoring/match.ts";
import { packBlock, rankedVolunteers, rankProjects } from "../../src/scoring/match-rows.ts";
import { indexOf } from "../support/skill-index.ts";

const person = (id: number, skills: [number, number][]): MatchVolunteer => ({
  id,
  skills: new Map(skills),
  place: null,
});
const project = (id: number, ...requiredSkillIds: number[]): MatchProject => ({
  id,
  requiredSkillIds,
  place: null,
  remote: true,
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
  it("writes rows as columns in the notation of Postgres, by project and volunteer", () => {
    expect(rankProjects({ blocks: indexOf(people), projects, keep: 5, skillCounts: null })).toEqual({
      count: 4,
      projectIds: "{20,20,22,22}",
      volunteerIds: "{3,9,3,9}",
      scores: "{0.75,0.5,0.75,1}",
      coverages: "{0.5,0.5,0.5,1}",
      cosines: "{1,0.707107,1,1}",
      jaccards: "{0.666667,0.5,0.333333,1}",
      locations: "{NULL,NULL,NULL,NULL}",
      skillIds: '{"{1,2}","{1}","{1}","{1}"}',
    });
  });

  it("takes how many skills each has from outside where the blocks hold some of them", () => {
    const blocks = indexOf([person(9, [[1, 1_000]])]);
    const wanted = [project(22, 1)];
    expect(rankedVolunteers({ blocks, projects: wanted, keep: 5 })).toEqual([9]);
    const skillCounts = new Map([[9, 4]]);
    expect(rankProjects({ blocks, projects: wanted, keep: 5, skillCounts }).jaccards).toBe("{0.25}");
  });

  it("of no volunteers and no projects makes no rows", () => {
    expect(rankProjects({ blocks: [], projects, keep: 5, skillCounts: null })).toMatchObject({
      count: 0,
      projectIds: "{}",
    });
    expect(rankedVolunteers({ blocks: indexOf(people), projects: [], keep: 5 })).toEqual([]);
    expect(packBlock({ number: 3, skills: [], places: new Uint8Array() })).toMatchObject({
      number: 3,
      allPlaced: true,
    });
  });
});
