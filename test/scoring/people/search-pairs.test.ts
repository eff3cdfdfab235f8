import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../src/random.ts";
import { EARTH_KM } from "../../../src/scoring/distance.ts";
import { packPeople } from "../../../src/scoring/people/pack-people.ts";
import { PAIR_TERM_BYTES, writePairBytes } from "../../../src/scoring/people/pair-bytes.ts";
import { BLOCK, CHUNK } from "../../../src/scoring/people/pair-layout.ts";
import { type Person, type PersonFacts, preparePerson } from "../../../src/scoring/people/person.ts";
import { type OpenPeople, openPeople } from "../../../src/scoring/people/read-person.ts";
import { bestPairs, type ScoredPair } from "../../../src/scoring/people/score-pair.ts";
import type { BestOfTier } from "../../../src/scoring/people/scored-pairs.ts";
import { candidatesFor, type PairViewer, searchPairs } from "../../../src/scoring/people/search-pairs.ts";
import { AS_OF, person, randomPeople } from "../../support/people.ts";
import { size } from "../../support/sizes.ts";

const prepared = (facts: readonly PersonFacts[]): Person[] => facts.map((one) => preparePerson(one, AS_OF));

const viewersOf = (
  people: readonly Person[],
  blocked: (id: number) => readonly number[] = () => [],
): PairViewer[] => people.map(({ id }) => ({ id, blocked: blocked(id) }));

/** A pair as it is found: its terms have a byte each. */
type Pair = { readonly candidateId: number; readonly score: number; readonly components: readonly number[] };
type Found = {
  readonly viewerId: number;
  readonly A: readonly Pair[];
  readonly B: readonly Pair[];
  readonly scoredAll: boolean;
};

function pairsOf(people: OpenPeople, best: BestOfTier): Pair[] {
  return Array.from(best.order.subarray(0, best.count), (at) => {
    const candidateId = best.candidateIds[at]!;
    expect(people.idAt(best.positions[at]!)).toBe(candidateId);
    const components = [...best.components.subarray(at * PAIR_TERM_BYTES, (at + 1) * PAIR_TERM_BYTES)];
    return { candidateId, score: best.scores[at]!, components };
  });
}

function expectedPairs(pairs: readonly ScoredPair[]): Pair[] {
  return pairs.map(({ candidateId, score, terms }) => {
    const components = new Uint8Array(PAIR_TERM_BYTES);
    writePairBytes(components, 0, terms);
    return { candidateId, score, components: [...components] };
  });
}

function findPairs(people: OpenPeople, viewers: readonly PairViewer[], keep: number): Found[] {
  const found: Found[] = [];
  searchPairs(people, viewers, keep, ({ A, B, ...one }) => {
    found.push({ ...one, A: pairsOf(people, A), B: pairsOf(people, B) });
  });
  return found;
}

/** What both give for these viewers: ids in their order, scores to the last bit, tiers and terms. */
function expectSame(people: readonly Person[], viewers: readonly PairViewer[], keep: number): Found[] {
  const found = findPairs(openPeople(packPeople(people)), viewers, keep);
  const byId = new Map(people.map((one) => [one.id, one]));
  expect(found).toHaveLength(viewers.length);
  for (const [index, { id, blocked }] of viewers.entries()) {
    const { viewerId, A, B } = found[index]!;
    const best = bestPairs(byId.get(id)!, people, keep, new Set(blocked));
    expect({ viewerId, A, B }).toEqual({ viewerId: id, A: expectedPairs(best.A), B: expectedPairs(best.B) });
  }
  return found;
}

/** Every n-th viewer, so that all parts of the population take part. */
const some = (people: readonly Person[], count: number): Person[] => {
  const step = Math.max(1, Math.floor(people.length / count));
  return people.filter((_, index) => index % step === 0);
};

const filtered = (found: readonly Found[]): number => found.filter(({ scoredAll }) => !scoredAll).length;

describe("searchPairs", () => {
  it.each(["clustered", "uniform", "none"] as const)(
    "finds what the reference finds among thousands of people, geography %s",
    (geography) => {
      const people = prepared(randomPeople(7, size(3_000, 100_000), { geography }));
      const blocked = (id: number): number[] => people.slice(id % 50, 400).map((one) => one.id * (id % 9));
      const found = expectSame(people, viewersOf(some(people, 60), blocked), size(50, 256));
      expect(filtered(found)).toBe(found.length);
    },
    size(300_000, 1_800_000),
  );

  it.each(["clustered", "uniform"] as const)(
    "finds the same with the filter as without, for many viewers, geography %s",
    (geography) => {
      const people = prepared(randomPeople(11, size(3_000, 100_000), { geography }));
      const viewers = viewersOf(some(people, size(60, 2_000)));
      const keep = size(50, 256);
      const open = {
        filter: openPeople(packPeople(people)),
        all: openPeople(packPeople(people, { filter: false })),
      };
      // A few at a time: what is found of all would not fit in memory.
      for (let from = 0; from < viewers.length; from += 50) {
        const together = viewers.slice(from, from + 50);
        const found = findPairs(open.filter, together, keep);
        const all = findPairs(open.all, together, keep);
        expect(found.map(({ A, B }) => ({ A, B }))).toEqual(all.map(({ A, B }) => ({ A, B })));
        expect(filtered(found)).toBe(found.length);
      }
    },
    size(300_000, 1_800_000),
  );

  it("finds what the reference finds in small random populations with random blocks", () => {
    const drawn = fc.record({
      seed: fc.nat(),
      count: fc.integer({ min: 1, max: 300 }),
      keep: fc.integer({ min: 1, max: 60 }),
      traits: fc.constantFrom(1, 2, 5, 32, 33, 90, 128),
      interests: fc.constantFrom(3, 40, 500),
      geography: fc.constantFrom("clustered" as const, "uniform" as const, "none" as const),
      radiusKm: fc.constantFrom(
        [1, 3] as const,
        [10, 149] as const,
        [500, 3_000] as const,
        [3_000, 20_016] as const,
      ),
    });
    fc.assert(
      fc.property(drawn, ({ seed, count, keep, ...population }) => {
        const people = prepared(randomPeople(seed, count, population));
        const random = seededRandom(seed).next;
        const blocked = (): number[] => people.filter(() => random() < 0.05).map(({ id }) => id);
        const found = expectSame(people, viewersOf(some(people, 25), blocked), keep);
        expect(filtered(found)).toBe(found.length);
      }),
      { numRuns: size(30, 300) },
    );
  });

  it("scores nobody by the filter where SIMD or shared memory is missing, and finds the same", () => {
    const people = prepared(randomPeople(3, 400));
    const viewers = viewersOf(people);
    const found = findPairs(openPeople(packPeople(people, { filter: false })), viewers, 20);
    expect(filtered(found)).toBe(0);
    const withFilter = findPairs(openPeople(packPeople(people)), viewers, 20);
    expect(found.map(({ A, B }) => ({ A, B }))).toEqual(withFilter.map(({ A, B }) => ({ A, B })));
  });

  it("leaves out the viewer, hidden people and blocked ones, even if there is nobody else", () => {
    const alone = prepared([person(1)]);
    expect(expectSame(alone, viewersOf(alone), 200)[0]).toMatchObject({ A: [], B: [] });
    const all = prepared(randomPeople(5, 200));
    const everybody = all.map(({ id }) => id);
    for (const { A, B } of expectSame(
      all,
      viewersOf(all, () => everybody),
      200,
    ))
      expect([A, B]).toEqual([[], []]);
  });

  it("gives the lower ids on ties, also where more tie than the filter holds", () => {
    const twins = prepared(Array.from({ length: 9_000 }, (_, index) => person(9_000 - index)));
    const [found] = expectSame(twins, viewersOf([twins[4_000]!]), 200);
    expect(found!.scoredAll).toBe(true);
    expect(found!.A.slice(0, 3).map(({ candidateId }) => candidateId)).toEqual([1, 2, 3]);
    const few = prepared(Array.from({ length: 500 }, (_, index) => person(500 - index)));
    expect(filtered(expectSame(few, viewersOf(some(few, 20)), 100))).toBe(20);
  });

  it("searches again if the sample is better than all others, so that its floor is too high", () => {
    const blocks = CHUNK / BLOCK;
    // The sample has one block of each chunk. Whom the viewer shares an interest with are all in it.
    const isSampled = (position: number): boolean =>
      Math.floor((position % CHUNK) / BLOCK) === (7 * Math.floor(position / CHUNK)) % blocks;
    const people = prepared(
      Array.from({ length: 6 * CHUNK }, (_, n) => person(n + 1, { interests: [isSampled(n) ? 1 : 2] })),
    );
    const packed = openPeople(packPeople(people));
    expect(people.every(({ id }) => packed.positionOf(id) === id - 1)).toBe(true);
    const keep = 600;
    const [found] = expectSame(people, viewersOf([people[0]!]), keep);
    expect(found!.scoredAll).toBe(false);
    expect(found!.A.filter(({ score }) => score === found!.A[0]!.score)).toHaveLength(6 * BLOCK - 1);
    expect(found!.A).toHaveLength(keep);
  });

  it("takes common traits whose values are all zero for a cosine of 0", () => {
    const random = seededRandom(11).next;
    const facts = randomPeople(11, 1_500).map((one) => ({
      ...one,
      traits: new Map(
        [...one.traits].map(([id, trait]) => [id, random() < 0.6 ? { ...trait, value: 0 } : trait]),
      ),
    }));
    const people = prepared(facts);
    expectSame(people, viewersOf(some(people, 60)), 30);
  });

  it("finds the same across the antimeridian and at the poles", () => {
    const random = seededRandom(13).next;
    const facts = randomPeople(13, 1_500).map((one, index) => ({
      ...one,
      location:
        index % 2 === 0
          ? { latitude: random() * 2 - 1, longitude: (index % 4 === 0 ? 179 : -180) + random() }
          : {
              latitude: index % 4 === 1 ? 90 - random() / 2 : -90 + random() / 2,
              longitude: random() * 360 - 180,
            },
    }));
    const people = prepared(facts);
    expectSame(people, viewersOf(some(people, 60)), 30);
  });

  it.each([
    [1, 5],
    [5, 20],
    [100, 1_000],
    [1_000, 10_000],
    [10_000, 20_016],
  ] as const)("finds the same for radii from %d to %d km", (from, to) => {
    const people = prepared(randomPeople(17, 1_500, { radiusKm: [from, to], geography: "uniform" }));
    expectSame(people, viewersOf(some(people, 50)), 30);
    const near = prepared(randomPeople(18, 1_500, { radiusKm: [from, to] }));
    expectSame(near, viewersOf(some(near, 50)), 30);
  });

  it("finds the same for people with 300 interests, and with 10,000", () => {
    const facts = randomPeople(19, 800, { interests: 2_000 });
    const many = facts.map((one, index) =>
      index % 3 === 0
        ? {
            ...one,
            interests: Array.from({ length: index === 0 ? 10_000 : 300 }, (_, n) => n * 2 + (index % 7)),
          }
        : one,
    );
    const people = prepared(many);
    const found = expectSame(people, viewersOf(some(people, 40)), 30);
    expect(filtered(found)).toBe(found.length);
  });

  it("finds the same where there are more genders than have a bit of their own", () => {
    const facts = randomPeople(41, 1_500, { geography: "clustered" }).map((one, index) => ({
      ...one,
      gender: index % 5 === 0 ? null : index % 30,
      preferences: { ...one.preferences, genders: index % 7 === 0 ? [] : [index % 30, (index * 7) % 30] },
    }));
    const people = prepared(facts);
    const found = expectSame(people, viewersOf(some(people, 100)), 40);
    expect(filtered(found)).toBe(found.length);
  });

  it("scores everybody where there are more traits or genders than the filter holds", () => {
    const traits = prepared(randomPeople(23, 300, { traits: 200 }));
    expect(filtered(expectSame(traits, viewersOf(some(traits, 20)), 20))).toBe(0);
    const genders = prepared(randomPeople(23, 300).map((one, index) => ({ ...one, gender: index })));
    expect(filtered(expectSame(genders, viewersOf(some(genders, 20)), 20))).toBe(0);
  });

  it("hostile values affect their own row alone", () => {
    const hostile: Partial<PersonFacts>[] = [
      { location: { latitude: 999, longitude: 0 } },
      { location: { latitude: Number.NaN, longitude: Number.POSITIVE_INFINITY } },
      {
        traits: new Map([
          [1, { value: Number.NaN, count: 5 }],
          [2, { value: 1e300, count: Number.NaN }],
        ]),
      },
      { quiz: [Number.NaN, 0, 0, 0, 0, 0, 0, 0] },
      { quiz: [1, 2, 3] },
      { birthDate: "2099-01-01" },
      { birthDate: "0001-01-01" },
      { updatedAt: Number.NaN },
      { received: { count: 9, attractive: Number.NaN, smart: 1, funny: 1, interesting: 1 } },
      { given: { count: 9, attractive: 3.3, smart: 3.3, funny: 3.3, interesting: 3.3 } },
      { preferences: { genders: [77], ageMin: 60, ageMax: 20, distanceKm: -5 } },
      { preferences: { genders: [], ageMin: Number.NaN, ageMax: -1e300, distanceKm: 0 } },
      { preferences: { genders: [], ageMin: 1e300, ageMax: null, distanceKm: Number.NaN } },
      { preferences: { genders: [], ageMin: 20.5, ageMax: 30.5, distanceKm: 1e300 } },
      { preferences: { genders: [], ageMin: null, ageMax: null, distanceKm: 1e-300 } },
    ];
    const facts = randomPeople(29, 1_200);
    const people = prepared(
      facts.map((one, index) => ({ ...one, ...hostile[index % (8 * hostile.length)] })),
    );
    for (const { A, B } of expectSame(people, viewersOf(some(people, 150)), 30))
      for (const { score } of [...A, ...B]) expect(score >= 0 && score <= 1 + 1e-12).toBe(true);
    // Those whose own facts are sound score each other as they do without the others.
    const sound = people.filter((_, index) => hostile[index % (8 * hostile.length)] === undefined);
    const before = prepared(facts).filter(({ id }) => sound.some((one) => one.id === id));
    expect(sound).toEqual(before);
  });

  it("regression 5: decides in f64 who is exactly as far away as the viewer prefers", () => {
    // A ring around the viewer that f32 cannot place; those inside are of another gender and score more.
    const ring = Array.from({ length: 300 }, (_, index) =>
      person(index + 2, { gender: 1, location: { latitude: 89.1, longitude: index - 150 } }),
    );
    const inside = Array.from({ length: 300 }, (_, index) =>
      person(index + 1_000, { gender: 2, location: { latitude: 89.9, longitude: index - 150 } }),
    );
    const km = (0.9 * Math.PI * EARTH_KM) / 180;
    const preferences = { genders: [1], ageMin: null, ageMax: null, distanceKm: km };
    const pole = person(1, { location: { latitude: 90, longitude: 0 }, preferences });
    const people = prepared([pole, ...ring, ...inside]);
    const [found] = expectSame(people, viewersOf(people.slice(0, 1)), 50);
    expect(found!.B).toHaveLength(50);
    expect(found!.A.length).toBeGreaterThan(0);
  });

  it("finds the same as the reference for a person who is not packed, with traits and interests that nobody has", () => {
    const all = prepared(randomPeople(37, 2_000, { traits: 40, interests: 60 }));
    const people = openPeople(packPeople(all.slice(0, 1_900)));
    for (const [n, one] of all.slice(1_900).entries()) {
      const traitIds = n % 3 === 0 ? [...Array.from(one.traitIds), 900, 901] : one.traitIds;
      const strengths = n % 3 === 0 ? [...Array.from(one.strengths), 3, -4] : one.strengths;
      const interests = n % 4 === 0 ? [...Array.from(one.interests), 9_000 + n] : one.interests;
      const guest: Person = { ...one, traitIds, strengths, interests };
      const excluded = [n, n + 50];
      const found = candidatesFor(people, people.withIndexes(guest), excluded, 40);
      expect(found!.length).toBeLessThan(1_500);
      const blocked = new Set(excluded.map((position) => people.idAt(position)));
      const packed = Array.from({ length: 1_900 }, (_, position) => people.read(position));
      const candidates = Array.from(found!, (position) => people.read(position));
      const expected = bestPairs(guest, all.slice(0, 1_900), 40, blocked);
      expect(bestPairs(people.withIndexes(guest), candidates, 40, blocked)).toEqual(expected);
      expect(bestPairs(people.withIndexes(guest), packed, 40, blocked)).toEqual(expected);
    }
  });

  it("frees its slot, whatever a search throws", () => {
    const packed = openPeople(packPeople(prepared(randomPeople(31, 50)), { slots: 1 }));
    expect(() => findPairs(packed, [{ id: 999, blocked: [] }], 5)).toThrow("Person 999 is not packed.");
    const [again] = findPairs(packed, [{ id: 1, blocked: [] }], 5);
    expect(again?.viewerId).toBe(1);
  });
});
