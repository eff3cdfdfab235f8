import type { Location } from "../distance.ts";
import { ageOn } from "./age.ts";

/** The mean of the ratings that somebody received or gave; each kind is from 0 to 5. */
export type RatingMeans = {
  readonly count: number;
  readonly attractive: number;
  readonly smart: number;
  readonly funny: number;
  readonly interesting: number;
};

/**
 * The stored facts that pair scores are computed from. Genders and location texts are numbered by the caller.
 */
export type PersonFacts = {
  readonly id: number;
  /** By trait: the mean of the answers, and their number. */
  readonly traits: ReadonlyMap<number, { readonly value: number; readonly count: number }>;
  /** The vector of the quizzes, of `QUIZ_DIMENSIONS` numbers; null without one. */
  readonly quiz: readonly number[] | null;
  /** Ids of interests; each belongs to one subject. */
  readonly interests: Iterable<number>;
  readonly received: RatingMeans | null;
  readonly given: RatingMeans | null;
  /** The last update of the profile, in ms. */
  readonly updatedAt: number | null;
  /** The cell of the grid (src/scoring/distance.ts). */
  readonly location: Location | null;
  /** Number of the location text: equal texts have equal numbers. */
  readonly locationText: number | null;
  /** Number of the gender. */
  readonly gender: number | null;
  /** `YYYY-MM-DD`. */
  readonly birthDate: string | null;
  readonly preferences: {
    /** Empty: no preference. */
    readonly genders: readonly number[];
    readonly ageMin: number | null;
    readonly ageMax: number | null;
    readonly distanceKm: number | null;
  };
  /** Whether they are on lists of others: visible, not banned, not deleted. */
  readonly isCandidate: boolean;
};

/** A person as of an instant, with everything that does not depend on the other person of a pair. */
export type Person = {
  readonly id: number;
  /** Ascending, with as many strengths: value x min(count / 5, 1), from -10 to 10. */
  readonly traitIds: ArrayLike<number>;
  readonly strengths: ArrayLike<number>;
  /** Unit vector; null where missing or zero. */
  readonly quiz: ArrayLike<number> | null;
  /** Ascending, each once. */
  readonly interests: ArrayLike<number>;
  /** Mean of the four ratings received / 5, from 0 to 1; null below 3 ratings. */
  readonly quality: number | null;
  /** Four ratings minus their mean, as a unit vector; null below 3 ratings, or where all four are equal. */
  readonly received: ArrayLike<number> | null;
  readonly given: ArrayLike<number> | null;
  /** 0.5 ^ (days since the last update / 30); 0 where unknown. */
  readonly newness: number;
  /** The location as a point on the unit sphere. */
  readonly point: ArrayLike<number> | null;
  readonly locationText: number | null;
  readonly gender: number | null;
  /** In whole years. */
  readonly age: number | null;
  readonly genders: ArrayLike<number>;
  readonly ageMin: number | null;
  readonly ageMax: number | null;
  /** From `MIN_DISTANCE_KM` to `MAX_DISTANCE_KM`; null without a preference. */
  readonly distanceKm: number | null;
  readonly isCandidate: boolean;
};

export const QUIZ_DIMENSIONS = 8;
const TRAIT_LIMIT = 10;
/** With at least this many answers a trait counts in full. */
const FULL_COUNT = 5;
const MIN_RATINGS = 3;
const NEWNESS_HALF_LIFE_DAYS = 30;
const DAY_MS = 86_400_000;
/** Below this a strength or the length of a vector is rounding error, and counts as 0. */
const TINY = 1e-6;
const MAX_AGE = 130;
/** Half the width of a cell: shorter distances are meaningless. */
export const MIN_DISTANCE_KM = 1;
/** Farther than any two points on Earth. */
export const MAX_DISTANCE_KM = 20_016;

/**
 * Computes a person's side of all pairs. An implausible value (NaN, latitude 999, a birth in 2099, a distance
 * of 0) counts as missing, so it affects no other value and no other person.
 *
 * @param asOf instant of the list, in ms.
 */
export function preparePerson(facts: PersonFacts, asOf: number): Person {
  const traits = strengthsOf(facts.traits);
  const { genders, ageMin, ageMax, distanceKm } = facts.preferences;
  return {
    id: facts.id,
    traitIds: traits.map(([trait]) => trait),
    strengths: traits.map(([, strength]) => strength),
    quiz: facts.quiz?.length === QUIZ_DIMENSIONS ? unitVector(facts.quiz) : null,
    interests: [...new Set(facts.interests)].sort((a, b) => a - b),
    quality: qualityOf(facts.received),
    received: centredRatings(facts.received),
    given: centredRatings(facts.given),
    newness: newnessOf(facts.updatedAt, asOf),
    point: pointOf(facts.location),
    locationText: facts.locationText,
    gender: facts.gender,
    age: ageOf(facts.birthDate, asOf),
    genders: [...new Set(genders)].sort((a, b) => a - b),
    ageMin: finiteOrNull(ageMin),
    ageMax: finiteOrNull(ageMax),
    distanceKm: preferredDistance(distanceKm),
    isCandidate: facts.isCandidate,
  };
}

const finiteOrNull = (value: number | null): number | null =>
  value !== null && Number.isFinite(value) ? value : null;

function strengthsOf(traits: PersonFacts["traits"]): [trait: number, strength: number][] {
  const strengths: [number, number][] = [];
  for (const [trait, { value, count }] of traits) {
    if (!Number.isFinite(value) || !(count > 0)) continue;
    const clamped = Math.max(-TRAIT_LIMIT, Math.min(TRAIT_LIMIT, value));
    const strength = clamped * Math.min(count / FULL_COUNT, 1);
    strengths.push([trait, Math.abs(strength) < TINY ? 0 : strength]);
  }
  return strengths.sort(([a], [b]) => a - b);
}

/** The vector / its length; null where that is 0 or not a number. */
function unitVector(vector: readonly number[]): number[] | null {
  const length = Math.hypot(...vector);
  return length >= TINY && Number.isFinite(length) ? vector.map((value) => value / length) : null;
}

/** The four means, or null where there are fewer than 3 ratings or a mean is not a number. */
function meansOf(ratings: RatingMeans | null): readonly number[] | null {
  if (ratings === null || !(ratings.count >= MIN_RATINGS)) return null;
  const means = [ratings.attractive, ratings.smart, ratings.funny, ratings.interesting];
  return means.every(Number.isFinite) ? means : null;
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

function qualityOf(ratings: RatingMeans | null): number | null {
  const means = meansOf(ratings);
  return means && Math.max(0, Math.min(1, sumOf(means) / 4 / 5));
}

function centredRatings(ratings: RatingMeans | null): number[] | null {
  const means = meansOf(ratings);
  if (!means) return null;
  const mean = sumOf(means) / 4;
  return unitVector(means.map((value) => value - mean));
}

function newnessOf(updatedAt: number | null, asOf: number): number {
  if (updatedAt === null || !Number.isFinite(updatedAt)) return 0;
  return 0.5 ** (Math.max(0, asOf - updatedAt) / DAY_MS / NEWNESS_HALF_LIFE_DAYS);
}

function pointOf(location: Location | null): number[] | null {
  if (location === null) return null;
  if (!(Math.abs(location.latitude) <= 90 && Math.abs(location.longitude) <= 180)) return null;
  const latitude = (location.latitude * Math.PI) / 180;
  const longitude = (location.longitude * Math.PI) / 180;
  return [
    Math.cos(latitude) * Math.cos(longitude),
    Math.cos(latitude) * Math.sin(longitude),
    Math.sin(latitude),
  ];
}

/** Whole years from the birth date to `asOf` in UTC; null for an invalid date or an implausible age. */
export function ageOf(birthDate: string | null, asOf: number): number | null {
  if (birthDate === null || !/^\d{4}-\d\d-\d\d$/.test(birthDate)) return null;
  const age = ageOn(birthDate, new Date(asOf));
  return age >= 0 && age <= MAX_AGE ? age : null;
}

function preferredDistance(distanceKm: number | null): number | null {
  if (distanceKm === null || !Number.isFinite(distanceKm) || distanceKm <= 0) return null;
  return Math.max(MIN_DISTANCE_KM, Math.min(MAX_DISTANCE_KM, distanceKm));
}
