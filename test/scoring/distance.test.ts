import { describe, expect, it } from "vitest";
import { distanceText, onGrid } from "../../src/scoring/distance.ts";

describe("distanceText", () => {
  it.each([
    [0, "within 2 km"],
    [2, "within 2 km"],
    [2.001, "2 to 5 km away"],
    [14.5, "10 to 25 km away"],
    [100, "50 to 100 km away"],
    [100.1, "more than 100 km away"],
    [20_000, "more than 100 km away"],
  ])("%d km", (km, text) => {
    expect(distanceText(km)).toBe(text);
  });
});

describe("onGrid", () => {
  it.each([
    [
      { latitude: 52.5237, longitude: 13.4011 },
      { latitude: 52.52, longitude: 13.4 },
    ],
    [
      { latitude: -0.009, longitude: 0.011 },
      { latitude: 0, longitude: 0.02 },
    ],
    [
      { latitude: 90, longitude: -180 },
      { latitude: 90, longitude: -180 },
    ],
  ])("%j", (exact, cell) => {
    expect(onGrid(exact).latitude).toBeCloseTo(cell.latitude, 10);
    expect(onGrid(exact).longitude).toBeCloseTo(cell.longitude, 10);
  });
});
