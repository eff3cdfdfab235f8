import { seededRandom } from "../../src/random.ts";
import { type PersonFacts, QUIZ_DIMENSIONS } from "../../src/scoring/people/person.ts";

/** The instant of all lists in these tests. */
export const AS_OF = Date.UTC(2026, 6, 1, 12);
const DAY_MS = 86_400_000;

/** Somebody of whom nothing is known. */
export const person = (id: number, known: Partial<PersonFacts> = {}): PersonFacts => ({
  id,
  traits: new Map(),
  quiz: null,
  interests: [],
  received: null,
  given: null,
  updatedAt: null,
  location: null,
  locationText: null,
  gender: null,
  birthDate: null,
  preferences: { genders: [], ageMin: null, ageMax: null, distanceKm: null },
  isCandidate: true,
  ...known,
});

export type Population = {
  readonly traits?: number;
  readonly interests?: number;
  readonly geography?: "clustered" | "uniform" | "none";
  /** Radii are drawn from this one to the next, in km. */
  readonly radiusKm?: readonly [number, number];
};

/** People as a large community has them: some with little in their profile, cities of very unequal size. */
export function randomPeople(seed: number, count: number, population: Population = {}): PersonFacts[] {
  const random = seededRandom(seed).next;
  const draw = drawers(random, population);
  return Array.from({ length: count }, (_, index) => {
    const birthYear = 2026 - 18 - Math.floor(random() * 50);
    return person(index + 1, {
      traits: draw.traits(),
      quiz: random() < 0.6 ? Array.from({ length: QUIZ_DIMENSIONS }, () => random() * 2 - 1) : null,
      interests: draw.interests(),
      received: random() < 0.6 ? draw.ratings() : null,
      given: random() < 0.5 ? draw.ratings() : null,
      updatedAt: random() < 0.95 ? AS_OF - random() * 200 * DAY_MS : null,
      location: draw.location(),
      locationText: random() < 0.7 ? Math.floor(random() * 60) : null,
      gender: random() < 0.95 ? Math.floor(random() * 3) : null,
      birthDate: random() < 0.9 ? `${birthYear}-0${1 + Math.floor(random() * 9)}-15` : null,
      preferences: draw.preferences(2026 - birthYear),
      isCandidate: random() < 0.97,
    });
  });
}

function drawers(random: () => number, population: Population) {
  const { traits = 32, interests = 500, geography = "clustered", radiusKm = [10, 149] } = population;
  const cities = Array.from({ length: 60 }, () => ({
    latitude: random() * 120 - 60,
    longitude: random() * 360 - 180,
  }));
  const below = (n: number): number => Math.floor(random() * n);
  const distinct = (n: number, one: () => number): Set<number> => new Set(Array.from({ length: n }, one));
  return {
    traits(): PersonFacts["traits"] {
      const kind = random();
      const count = kind < 0.85 ? 6 + below(13) : kind < 0.92 ? 1 + below(3) : 0;
      const chosen = distinct(count, () => 1 + below(traits));
      return new Map([...chosen].map((id) => [id, { value: random() * 20 - 10, count: 1 + below(9) }]));
    },
    /** The first are by far the most popular. */
    interests: (): Set<number> =>
      random() < 0.05 ? new Set() : distinct(3 + below(14), () => 1 + Math.floor(interests * random() ** 3)),
    ratings: () => ({
      count: 1 + below(12),
      attractive: 1 + random() * 4,
      smart: 1 + random() * 4,
      funny: 1 + random() * 4,
      interesting: 1 + random() * 4,
    }),
    location(): PersonFacts["location"] {
      if (geography === "none" || random() < 0.07) return null;
      if (geography === "uniform")
        return {
          latitude: (Math.asin(random() * 2 - 1) * 180) / Math.PI,
          longitude: random() * 360 - 180,
        };
      const city = cities[Math.floor(60 * random() ** 3)] as (typeof cities)[number];
      return {
        latitude: city.latitude + random() - 0.5,
        longitude: Math.max(-180, Math.min(180, city.longitude + random() - 0.5)),
      };
    },
    preferences: (age: number): PersonFacts["preferences"] => ({
      genders: random() < 0.1 ? [] : [below(3), ...(random() < 0.3 ? [below(3)] : [])],
      ageMin: random() < 0.15 ? null : age - 3 - below(10),
      ageMax: random() < 0.19 ? null : age + 3 + below(10),
      distanceKm: random() < 0.15 ? null : radiusKm[0] + random() * (radiusKm[1] - radiusKm[0]),
    }),
  };
}
