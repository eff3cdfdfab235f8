import { describe, expect, it } from "vitest";
import {
  type ProjectListFacts,
  type VolunteerFacts,
  whyNoCandidates,
  whyNoMatches,
} from "../../../src/scoring/project-matching/empty-list.ts";

describe("whyNoMatches", () => {
  const worst: VolunteerFacts = {
    isVolunteer: false,
    isActive: false,
    skillsVisible: false,
    skills: 0,
    projects: 0,
    related: 0,
    best: null,
  };

  it("names the causes one after the other, as each is removed", () => {
    const steps: Partial<VolunteerFacts>[] = [
      {},
      { isVolunteer: true },
      { isActive: true },
      { skillsVisible: true },
      { skills: 2 },
      { projects: 5 },
      { related: 1 },
      { best: 0.3 },
    ];
    expect(steps.map((_, n) => whyNoMatches(Object.assign({}, worst, ...steps.slice(0, n + 1))))).toEqual([
      "not-a-volunteer",
      "deactivated",
      "skills-hidden",
      "no-skills",
      "no-open-projects",
      "no-required-skill",
      "none-left",
      "below-min-score",
    ]);
  });
});

describe("whyNoCandidates", () => {
  const worst: ProjectListFacts = {
    isOpen: false,
    requiredSkills: 0,
    maxRequiredSkills: 8,
    listed: 0,
    hasMatches: false,
    best: null,
  };

  it("names the causes one after the other, as each is removed", () => {
    const steps: Partial<ProjectListFacts>[] = [
      {},
      { isOpen: true },
      { requiredSkills: 9 },
      { requiredSkills: 8 },
      { hasMatches: true },
      { listed: 4 },
      { best: 0.3 },
    ];
    expect(steps.map((_, n) => whyNoCandidates(Object.assign({}, worst, ...steps.slice(0, n + 1))))).toEqual([
      "not-open",
      "no-skills-required",
      "too-many-skills-required",
      "no-volunteer-matches",
      "not-calculated",
      "none-left",
      "below-min-score",
    ]);
  });
});
