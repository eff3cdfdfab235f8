import { locationOf } from "../distance.ts";
import type { PersonFacts, RatingMeans } from "./person.ts";

/** A number of Postgres in JSON, where NaN and infinity are texts. */
type JsonNumber = number | string;

/** Count, attractive, smart, funny, interesting. */
type RatingsRow = readonly [JsonNumber, JsonNumber, JsonNumber, JsonNumber, JsonNumber];

/** A person as src/people/person-facts.ts reads them. */
export type PersonRow = {
  readonly id: number;
  /** In the lists of the version. */
  readonly position: number;
  /** Trait, mean, number of answers. */
  readonly traits: readonly (readonly [number, JsonNumber, number])[] | null;
  readonly quiz: readonly JsonNumber[] | null;
  readonly interests: readonly number[] | null;
  readonly received: RatingsRow | null;
  readonly given: RatingsRow | null;
  /** In milliseconds. */
  readonly updatedAt: JsonNumber | null;
  readonly latitude: JsonNumber | null;
  readonly longitude: JsonNumber | null;
  readonly text: number | null;
  readonly gender: number | null;
  readonly birthDate: string | null;
  readonly genders: readonly number[] | null;
  readonly ageMin: number | null;
  readonly ageMax: number | null;
  readonly distanceKm: JsonNumber | null;
  readonly isCandidate: boolean;
};

/** Reads a person from a row of the database. */
export const factsOf = (row: PersonRow): PersonFacts => ({
  id: row.id,
  traits: new Map(
    (row.traits ?? []).map(([trait, value, count]) => [trait, { value: Number(value), count }]),
  ),
  quiz: row.quiz?.map(Number) ?? null,
  interests: row.interests ?? [],
  received: row.received && meansOf(row.received),
  given: row.given && meansOf(row.given),
  updatedAt: numberOf(row.updatedAt),
  location: locationOf({ latitude: numberOf(row.latitude), longitude: numberOf(row.longitude) }),
  locationText: row.text,
  gender: row.gender,
  birthDate: row.birthDate,
  preferences: {
    genders: row.genders ?? [],
    ageMin: row.ageMin,
    ageMax: row.ageMax,
    distanceKm: numberOf(row.distanceKm),
  },
  isCandidate: row.isCandidate,
});

const numberOf = (value: JsonNumber | null): number | null => (value === null ? null : Number(value));

const meansOf = ([count, attractive, smart, funny, interesting]: RatingsRow): RatingMeans => ({
  count: Number(count),
  attractive: Number(attractive),
  smart: Number(smart),
  funny: Number(funny),
  interesting: Number(interesting),
});
