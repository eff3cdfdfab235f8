import { expect, it } from "vitest";
import { servedScore } from "../../../src/scoring/people/served-score.ts";

it("rounds a score to 0.05", () => {
  expect([0, 0.024, 0.026, 0.724, 0.726, 0.98, 1].map(servedScore)).toEqual([0, 0, 0.05, 0.7, 0.75, 1, 1]);
});
