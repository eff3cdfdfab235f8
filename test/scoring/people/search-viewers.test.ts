import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../src/random.ts";
import { packPeople } from "../../../src/scoring/people/pack-people.ts";
import { preparePerson } from "../../../src/scoring/people/person.ts";
import { type OpenPeople, openPeople } from "../../../src/scoring/people/read-person.ts";
import { type PairTier, scorePair } from "../../../src/scoring/people/score-pair.ts";
import { withViewers } from "../../../src/scoring/people/search-viewers.ts";
import { openViewerSides } from "../../../src/scoring/people/viewer-sides.ts";
import { AS_OF, type Population, randomPeople } from "../../support/people.ts";

const packed = (count: number, population: Population, filter = true): OpenPeople =>
  openPeople(
    packPeople(
      randomPeople(23, count, population).map((one) => preparePerson(one, AS_OF)),
      { filter },
    ),
  );

const everybody = (people: OpenPeople): number[] => Array.from({ length: people.count }, (_, n) => n);

/** Positions of the viewers who are found for a candidate. @param floors of both lists of each viewer. */
function find(people: OpenPeople, floors: Float64Array, position: number): Set<number> {
  const found = new Set<number>();
  withViewers(openViewerSides(people), floors, (viewers) =>
    viewers(people.read(position), (viewer) => found.add(viewer)),
  );
  return found;
}

/** Floors of both lists, as given for each viewer and tier. */
const floorsOf = (people: OpenPeople, floor: (viewer: number, tier: PairTier) => number): Float64Array =>
  Float64Array.from(everybody(people).flatMap((viewer) => [floor(viewer, "A"), floor(viewer, "B")]));

describe("withViewers", () => {
  it.each([
    [{ geography: "clustered" }],
    [{ geography: "uniform", radiusKm: [3_000, 20_016] }],
    [{ geography: "none" }],
    [{ traits: 90, interests: 3, radiusKm: [1, 3] }],
  ] satisfies [Population][])(
    "finds all whose floor a candidate reaches, to the last bit: %j",
    (population) => {
      const people = packed(1_500, population);
      const random = seededRandom(3).next;
      for (let n = 0; n < 25; n++) {
        const position = Math.floor(random() * people.count);
        const candidate = people.read(position);
        const pairs = everybody(people).map((viewer) => scorePair(people.read(viewer), candidate));
        // Half of the viewers are reached exactly at the floor of the list; the other one nobody reaches.
        const floors = floorsOf(people, (viewer, tier) => {
          const pair = pairs[viewer]!;
          if (pair.tier !== tier) return 1;
          return viewer % 2 === 0 ? pair.score : pair.score + 0.05;
        });
        const found = find(people, floors, position);
        expect(everybody(people).filter((viewer) => viewer % 2 === 0 && !found.has(viewer))).toEqual([]);
      }
    },
  );

  it("leaves out most of those whose floor is far above the score", () => {
    const people = packed(2_500, {});
    const high = new Float64Array(2 * people.count).fill(0.97);
    expect(find(people, high, 7).size).toBeLessThan(25);
  });

  it("finds those who list everybody, and none without lists", () => {
    const people = packed(500, {});
    const floors = floorsOf(people, (viewer) =>
      viewer % 2 === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY,
    );
    expect([...find(people, floors, 7)].sort((a, b) => a - b)).toEqual(
      everybody(people).filter((viewer) => viewer % 2 === 0),
    );
  });

  it("finds everybody where there is no filter", () => {
    const people = packed(50, {}, false);
    expect(find(people, new Float64Array(100).fill(1), 7).size).toBe(50);
  });
});
