import { describe, expect, it } from "vitest";
import {
  COMPLETENESS_POINTS,
  judgeSearchable,
  type SearchableFacts,
} from "../../../src/scoring/people/completeness.ts";

const COMPLETE: SearchableFacts = {
  hasPhoto: true,
  bioLength: 80,
  hasLocation: true,
  interests: 3,
  hasBirthDate: true,
  isDeleted: false,
  isBanned: false,
  isVisible: true,
};

describe("completeness", () => {
  it("is the sum of the points of the parts, 100 for all", () => {
    expect(Object.values(COMPLETENESS_POINTS).reduce((sum, points) => sum + points, 0)).toBe(100);
    expect(judgeSearchable(COMPLETE, 60)).toEqual({ searchable: true, completeness: 100, reasons: [] });
  });

  it.each([
    [{ hasPhoto: false }, 70],
    [{ bioLength: 79 }, 75],
    [{ hasLocation: false }, 85],
    [{ interests: 2 }, 85],
    [{ hasBirthDate: false }, 85],
    [{ hasPhoto: false, bioLength: 0, hasLocation: false, interests: 0, hasBirthDate: false }, 0],
  ])("%j leaves %i", (missing, completeness) => {
    expect(judgeSearchable({ ...COMPLETE, ...missing }, 0).completeness).toBe(completeness);
  });
});

describe("a profile is searchable", () => {
  it("from the threshold on; below it, what is missing is named", () => {
    const noPhoto = { ...COMPLETE, hasPhoto: false, interests: 2 };
    expect(judgeSearchable(noPhoto, 55)).toEqual({ searchable: true, completeness: 55, reasons: [] });
    expect(judgeSearchable(noPhoto, 56)).toEqual({
      searchable: false,
      completeness: 55,
      reasons: ["no photo", "few interests"],
    });
  });

  it.each([
    [{ isDeleted: true }, "deleted"],
    [{ isBanned: true }, "banned"],
    [{ isVisible: false }, "hidden"],
  ])("not with %j, however complete it is", (closed, reason) => {
    expect(judgeSearchable({ ...COMPLETE, ...closed }, 60)).toMatchObject({
      searchable: false,
      reasons: [reason],
    });
  });
});
