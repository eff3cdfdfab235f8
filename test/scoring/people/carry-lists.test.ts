import { describe, expect, it } from "vitest";
import { type Random, seededRandom } from "../../../src/random.ts";
import type { EarlierVersion } from "../../../src/scoring/people/earlier-people.ts";
import { isAboveFloor } from "../../../src/scoring/people/floor.ts";
import { layOutPeople, openLoaded, rangeLists } from "../../../src/scoring/people/loaded-people.ts";
import { type PersonFacts, preparePerson } from "../../../src/scoring/people/person.ts";
import { bestPairs, mayList, scorePair } from "../../../src/scoring/people/score-pair.ts";
import { AS_OF, type Population, person, randomPeople } from "../../support/people.ts";
import { size } from "../../support/sizes.ts";
import { headsAndPositions, type ListStore, listKey, rowOf, store } from "../../support/stored-pairs.ts";

const KEEP = 32;
const SERVED = 25;
const DAY_MS = 86_400_000;

/** The lists of a version, and what they were computed from. */
type Night = {
  readonly asOf: number;
  readonly people: ReadonlyMap<number, PersonFacts>;
  readonly blocked: ReadonlyMap<number, readonly number[]>;
  readonly positions: ReadonlyMap<number, number>;
  readonly lists: ListStore;
  readonly carried: number;
};

const isBlockedAs = (one: Night, other: Night, id: number): boolean =>
  String(one.blocked.get(id) ?? []) === String(other.blocked.get(id) ?? []);

/** Computes the lists of everybody, carried over from an earlier night where that can be. */
function compute(
  night: Pick<Night, "asOf" | "people" | "blocked">,
  before: Night | null,
  random: Random,
): Night {
  const ids = [...night.people.keys()];
  // Other positions than before, and some that nobody has.
  const gap = random.between(0, 5);
  const positions = new Map(ids.map((id, n) => [id, n + gap]));
  const next: Night = { ...night, positions, lists: new Map(), carried: 0 };
  const earlier: EarlierVersion | null = before && {
    asOf: before.asOf,
    positions: Int32Array.from(before.positions.values()),
    userIds: Float64Array.from(before.positions.keys()),
    changedIds: Float64Array.from(
      ids.filter((id) => before.people.get(id) !== night.people.get(id) || !isBlockedAs(before, next, id)),
    ),
  };
  const rows = ids.map((id) => rowOf(night.people.get(id)!, positions.get(id)!));
  const base = openLoaded(layOutPeople([JSON.stringify(rows)], night.asOf, 2, earlier));
  const found = rangeLists(base, { from: 0, to: ids.length + gap }, night.blocked, {
    keep: KEEP,
    served: SERVED,
    perPiece: 17,
    earlierLists: before && headsAndPositions(before.lists),
  });
  for (const piece of found.pieces) store(next.lists, piece);
  return { ...next, carried: found.carried };
}

/** The served entries are those of the reference, and nobody outside of a list ranks before its floor. */
function expectExact({ asOf, people, blocked, positions, lists }: Night): void {
  const everybody = [...people.values()].map((one) => preparePerson(one, asOf));
  const idAt = new Map([...positions].map(([id, position]) => [position, id]));
  for (const viewer of everybody) {
    const others = new Set(blocked.get(viewer.id));
    const best = bestPairs(viewer, everybody, SERVED, others);
    for (const tier of ["A", "B"] as const) {
      const list = lists.get(listKey(viewer.id, tier))!;
      const listed = list.positions.map((position) => idAt.get(position));
      expect({ viewer: viewer.id, tier, ids: listed.slice(0, SERVED) }).toEqual({
        viewer: viewer.id,
        tier,
        ids: best[tier].map(({ candidateId }) => candidateId),
      });
      expect(list.scores.slice(0, SERVED)).toEqual(best[tier].map(({ score }) => Math.fround(score)));
      const missing = everybody.filter((one) => {
        if (!mayList(viewer, one, others) || listed.includes(one.id)) return false;
        const pair = scorePair(viewer, one);
        return pair.tier === tier && isAboveFloor({ score: pair.score, candidateId: one.id }, list.floor);
      });
      expect(missing.map(({ id }) => id)).toEqual([]);
    }
  }
}

/** Another night: some change, come, leave, or block each other. */
function after(night: Night, days: number, change: number, random: Random, others: PersonFacts[]) {
  const people = new Map(night.people);
  const blocked = new Map(night.blocked);
  const asOf = night.asOf + days * DAY_MS;
  for (const [id, one] of night.people) {
    if (random.next() >= change) continue;
    const kind = random.next();
    if (kind < 0.1) people.delete(id);
    else if (kind < 0.3) people.set(id, { ...one, isCandidate: !one.isCandidate });
    else if (kind < 0.4) {
      const other = random.pick([...people.keys()].filter((key) => key !== id));
      for (const [from, to] of [
        [id, other],
        [other, id],
      ] as const) {
        const known = blocked.get(from) ?? [];
        blocked.set(from, known.includes(to) ? known.filter((known) => known !== to) : [...known, to]);
      }
    } else people.set(id, { ...random.pick(others), id, updatedAt: kind < 0.7 ? asOf : one.updatedAt });
  }
  const newcomer = 10_000 + Math.floor(asOf / DAY_MS);
  if (change > 0) people.set(newcomer, { ...random.pick(others), id: newcomer });
  return { asOf, people, blocked };
}

const firstNight = (facts: readonly PersonFacts[], random: Random): Night =>
  compute(
    { asOf: AS_OF, people: new Map(facts.map((one) => [one.id, one])), blocked: new Map() },
    null,
    random,
  );

describe("carryLists", () => {
  it.each([
    [1, {}],
    [2, { interests: 12, traits: 5 }],
    [3, { geography: "uniform", radiusKm: [3_000, 20_016] }],
    [4, { geography: "none" }],
  ] satisfies [number, Population][])(
    "gives the lists that are computed anew, night after night: seed %d, %j",
    (seed, population) => {
      const random = seededRandom(seed);
      const count = size(220, 1_400);
      const others = randomPeople(seed + 50, 200, population);
      let night = firstNight(randomPeople(seed, count, population), random);
      let carried = 0;
      for (const [days, change] of [
        [1, 0.02],
        [1, 0],
        [0, 0.05],
        [30, 0.01],
        [0.001, 0.1],
        [7, 0],
      ] as const) {
        night = compute(after(night, days, change, random, others), night, random);
        carried += night.carried;
        expectExact(night);
      }
      expect(carried).toBeGreaterThan(2 * count);
    },
  );

  it("carries everybody when nothing but a little time has passed", () => {
    const random = seededRandom(5);
    const first = firstNight(randomPeople(5, 150), random);
    const next = compute({ ...first, asOf: AS_OF + 1_000 }, first, random);
    expect(next.carried).toBe(150);
    expectExact(next);
  });

  it("computes the lists that too many have left, and those of people who changed", () => {
    const random = seededRandom(6);
    const facts = Array.from({ length: 120 }, (_, n) => person(n + 1, { interests: [n % 4] }));
    const first = firstNight(facts, random);
    const people = new Map(facts.slice(60).map((one) => [one.id, one]));
    const next = compute({ ...first, people, asOf: AS_OF + DAY_MS }, first, random);
    expect(next.carried).toBeLessThan(60);
    expectExact(next);
  });

  it("moves people between the tiers on their birthday", () => {
    const random = seededRandom(7);
    const preferences = { genders: [], ageMin: 30, ageMax: null, distanceKm: null };
    const facts = Array.from({ length: 40 }, (_, n) =>
      person(n + 1, { preferences, birthDate: n % 9 === 0 ? "1996-07-02" : "1990-01-01" }),
    );
    const first = firstNight(facts, random);
    const next = compute({ ...first, asOf: AS_OF + DAY_MS }, first, random);
    // Five have changed with their age.
    expect(next.carried).toBe(35);
    expectExact(next);
  });
});
