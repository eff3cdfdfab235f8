import { describe, expect, it } from "vitest";
import { matchReasons } from "../../../src/scoring/project-matching/match-reasons.ts";

const near = { matchedCount: 1, locationScore: 0.855 };

describe("matchReasons", () => {
  it("names matched skills, missing skills and the distance, in this order", () => {
    expect(
      matchReasons({ score: near, matched: ["cooking"], missing: ["driving", "law"], distanceKm: 14.5 }),
    ).toEqual([
      "1 of 3 required skills: cooking",
      "missing: driving, law",
      "10 to 25 km away: location score 85 %",
    ]);
  });

  it("leaves out what is not missing, and a distance that is unknown or does not count", () => {
    const all = { matched: ["cooking"], missing: [] };
    const skillsAlone = ["1 of 1 required skills: cooking"];
    expect(matchReasons({ ...all, score: near, distanceKm: null })).toEqual(skillsAlone);
    expect(matchReasons({ ...all, score: { ...near, locationScore: null }, distanceKm: 14.5 })).toEqual(
      skillsAlone,
    );
  });
});
