import { describe, expect, it } from "vitest";
import {
  bandOf,
  CANDIDATES,
  LAST_BAND,
  nextBand,
  shareUpTo,
  standingOf,
} from "../../../../src/scoring/people/search/standing.ts";

const ids = Array.from({ length: 20_000 }, (_, n) => String(n + 1));

describe("the static order", () => {
  it("never changes, and is a number from 0 to 1 for every id and completeness", () => {
    expect(standingOf("8", 80)).toBe(standingOf("8", 80));
    for (const completeness of [0, 15, 60, 100])
      for (const id of ids.slice(0, 500)) {
        const standing = standingOf(id, completeness);
        expect(standing).toBeGreaterThanOrEqual(0);
        expect(standing).toBeLessThanOrEqual(1);
      }
  });

  it("puts complete profiles first more often than others", () => {
    const first = (completeness: number) => ids.filter((id) => standingOf(id, completeness) < 0.1).length;
    expect(first(100)).toBeGreaterThan(1.1 * first(80));
    expect(first(80)).toBeGreaterThan(1.1 * first(60));
  });

  it("has bands that follow each other, each as large as all before", () => {
    const bands = ids.map((id) => bandOf(standingOf(id, 80)));
    for (let band = 2; band <= LAST_BAND; band++) {
      const share = bands.filter((one) => one <= band).length / ids.length;
      expect(share / shareUpTo(band)).toBeGreaterThan(0.8);
      expect(share / shareUpTo(band)).toBeLessThan(1.25);
    }
    const sorted = ids.map((id) => standingOf(id, 80)).sort((a, b) => a - b);
    expect(sorted.map(bandOf)).toEqual(sorted.map(bandOf).sort((a, b) => a - b));
    expect(bandOf(0)).toBe(0);
    expect(bandOf(1)).toBe(LAST_BAND);
  });
});

describe("the next band", () => {
  it("is the last one where nobody was found, so that rare words take two statements", () => {
    expect(nextBand(0, 0)).toBe(LAST_BAND);
    expect(nextBand(0, 1)).toBe(LAST_BAND);
  });

  it("has about as many people as are wanted", () => {
    expect(nextBand(0, CANDIDATES / 2)).toBe(2);
    expect(nextBand(0, CANDIDATES - 1)).toBe(1);
    expect(nextBand(3, 10)).toBe(LAST_BAND);
  });

  it("comes to the last one from every start", () => {
    for (const found of [0, 1, 10, 500, CANDIDATES - 1]) {
      let band = 0;
      for (let n = 0; n <= LAST_BAND && band < LAST_BAND; n++) band = nextBand(band, found);
      expect(band).toBe(LAST_BAND);
    }
  });
});
