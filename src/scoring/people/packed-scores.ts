import type { PackedPeople } from "./pack-people.ts";
import { PERSON, PERSON_WORDS } from "./pair-layout.ts";
import { type Person, QUIZ_DIMENSIONS } from "./person.ts";
import {
  chordKm,
  cosineShare,
  DEFAULT_RADIUS_KM,
  MIN_COMMON_TRAITS,
  MISSING,
  type PairTier,
  shareOfTraits,
  sumTerms,
  TERM_COUNT,
} from "./score-pair.ts";

/**
 * `scoreInto` for one person with many packed ones, read from their columns. What it writes is the same to
 * the last bit: all sums have the same order, and each of their terms is the same with its sides exchanged.
 */
export type PackedScores = {
  /** The person whom the pairs that follow have in common. @param person with indexes; packed or not. */
  begin(person: Person): void;
  /** Writes the terms and the score with the person as the viewer. @returns the tier. */
  ofCandidate(numbers: Float64Array, position: number): PairTier;
  /** The same with the person as the candidate. */
  ofViewer(numbers: Float64Array, position: number): PairTier;
};

export function openPackedScores(packed: PackedPeople): PackedScores {
  const columns = openColumns(packed);
  const { f64, people } = columns;
  let own: Person | null = null;
  return {
    begin(person) {
      if (own) mark(columns, own, false);
      mark(columns, person, true);
      own = person;
    },
    ofCandidate(numbers, position) {
      const viewer = own as Person;
      const at = people + position * PERSON_WORDS;
      const km = kmTo(columns, viewer, at);
      const quality = f64[at + PERSON.quality] as number;
      const radiusKm = viewer.distanceKm ?? Number.NaN;
      writeTerms(
        numbers,
        traitsTerm(columns, viewer, at, position),
        interestsTerm(columns, viewer.interests.length, position),
        Number.isNaN(quality) ? MISSING.quality : quality,
        fitTerm(columns, viewer.given, at + PERSON.received),
        proximityTerm(columns, km, radiusKm, viewer, at),
        f64[at + PERSON.newness] as number,
      );
      if (!isInRadius(km, radiusKm)) return "B";
      const { genders, ageMin, ageMax } = viewer;
      if (!isOfAge(f64[at + PERSON.age] as number, ageMin ?? Number.NaN, ageMax ?? Number.NaN)) return "B";
      return genders.length === 0 || includes(genders, f64[at + PERSON.gender] as number) ? "A" : "B";
    },
    ofViewer(numbers, position) {
      const candidate = own as Person;
      const at = people + position * PERSON_WORDS;
      const km = kmTo(columns, candidate, at);
      const radiusKm = f64[at + PERSON.distanceKm] as number;
      writeTerms(
        numbers,
        traitsTerm(columns, candidate, at, position),
        interestsTerm(columns, candidate.interests.length, position),
        candidate.quality ?? MISSING.quality,
        fitTerm(columns, candidate.received, at + PERSON.given),
        proximityTerm(columns, km, radiusKm, candidate, at),
        candidate.newness,
      );
      if (!isInRadius(km, radiusKm)) return "B";
      const [ageMin, ageMax] = [f64[at + PERSON.ageMin] as number, f64[at + PERSON.ageMax] as number];
      if (!isOfAge(candidate.age ?? Number.NaN, ageMin, ageMax)) return "B";
      return wants(columns, position, candidate.gender) ? "A" : "B";
    },
  };
}

/** The columns as numbers: where each begins, in words of its kind. */
function openColumns({ buffer, columns, sizes }: PackedPeople) {
  return {
    f64: new Float64Array(buffer, 0, columns.bytes >> 3),
    u32: new Uint32Array(buffer, 0, columns.bytes >> 2),
    people: columns.people >> 3,
    traitStarts: columns.traitStarts >> 2,
    traitIndexes: columns.traitIndexes >> 2,
    strengths: columns.strengths >> 3,
    interestStarts: columns.interestStarts >> 2,
    interestIndexes: columns.interestIndexes >> 2,
    genderStarts: columns.genderStarts >> 2,
    preferredGenders: columns.preferredGenders >> 3,
    /** Of the person of `begin`, by index; 0 where they do not have the trait. */
    ownStrengths: new Float64Array(sizes.traits),
    /** 1 where they have the trait, else 0. */
    ownTraits: new Float64Array(sizes.traits),
    /** 1 where they have the interest. */
    ownInterests: new Uint8Array(sizes.interests),
  };
}
type Columns = ReturnType<typeof openColumns>;

/** Marks the traits and interests of the person of `begin`, or removes the marks. */
function mark({ ownStrengths, ownTraits, ownInterests }: Columns, person: Person, isOwn: boolean): void {
  for (let i = 0; i < person.traitIds.length; i++) {
    const index = person.traitIds[i] as number;
    if (index >= ownStrengths.length) continue;
    ownStrengths[index] = isOwn ? (person.strengths[i] as number) : 0;
    ownTraits[index] = isOwn ? 1 : 0;
  }
  for (let i = 0; i < person.interests.length; i++) {
    const index = person.interests[i] as number;
    if (index < ownInterests.length) ownInterests[index] = isOwn ? 1 : 0;
  }
}

function traitsTerm(columns: Columns, { traitIds, quiz }: Person, at: number, position: number): number {
  const { f64, u32, traitStarts, traitIndexes, strengths, ownStrengths, ownTraits } = columns;
  const from = u32[traitStarts + position] as number;
  const to = u32[traitStarts + position + 1] as number;
  let common = 0;
  let product = 0;
  let squares = 0;
  let theirSquares = 0;
  // Zeros of traits that are not common change no bit of the sums, and cost less than a branch.
  for (let i = from; i < to; i++) {
    const index = u32[traitIndexes + i] as number;
    const strength = ownStrengths[index] as number;
    const isCommon = ownTraits[index] as number;
    const theirs = f64[strengths + i] as number;
    common += isCommon;
    product += strength * theirs;
    squares += strength * strength;
    theirSquares += theirs * theirs * isCommon;
  }
  if (common >= MIN_COMMON_TRAITS)
    return shareOfTraits(common, product, squares, theirSquares, Math.min(traitIds.length, to - from));
  if (!quiz || Number.isNaN(f64[at + PERSON.quiz] as number)) return MISSING.traits;
  let sum = 0;
  for (let i = 0; i < QUIZ_DIMENSIONS; i++)
    sum += (quiz[i] as number) * (f64[at + PERSON.quiz + i] as number);
  return cosineShare(sum);
}

function interestsTerm(columns: Columns, count: number, position: number): number {
  const { u32, interestStarts, interestIndexes, ownInterests } = columns;
  const from = u32[interestStarts + position] as number;
  const to = u32[interestStarts + position + 1] as number;
  if (count === 0 || from === to) return MISSING.interests;
  let common = 0;
  for (let i = from; i < to; i++) common += ownInterests[u32[interestIndexes + i] as number] as number;
  return common / (count + (to - from) - common);
}

function fitTerm({ f64 }: Columns, mine: ArrayLike<number> | null, theirs: number): number {
  if (!mine || Number.isNaN(f64[theirs] as number)) return MISSING.fit;
  let sum = 0;
  for (let i = 0; i < 4; i++) sum += (mine[i] as number) * (f64[theirs + i] as number);
  return cosineShare(sum);
}

/** NaN where either has no location. */
function kmTo({ f64 }: Columns, { point }: Person, at: number): number {
  if (!point) return Number.NaN;
  const theirs = at + PERSON.point;
  return chordKm(
    (point[0] as number) - (f64[theirs] as number),
    (point[1] as number) - (f64[theirs + 1] as number),
    (point[2] as number) - (f64[theirs + 2] as number),
  );
}

/** @param radiusKm of the viewer; NaN without a preference. */
function proximityTerm(
  { f64 }: Columns,
  km: number,
  radiusKm: number,
  { locationText }: Person,
  at: number,
): number {
  if (!Number.isNaN(km)) return Math.max(0, 1 - km / (Number.isNaN(radiusKm) ? DEFAULT_RADIUS_KM : radiusKm));
  return locationText !== null && locationText === f64[at + PERSON.locationText] ? MISSING.sameText : 0;
}

function writeTerms(
  numbers: Float64Array,
  traits: number,
  interests: number,
  quality: number,
  fit: number,
  proximity: number,
  newness: number,
): void {
  numbers[0] = traits;
  numbers[1] = interests;
  numbers[2] = quality;
  numbers[3] = fit;
  numbers[4] = proximity;
  numbers[5] = newness;
  numbers[TERM_COUNT] = sumTerms(traits, interests, quality, fit, proximity, newness);
}

/** Whether the viewer at a position wants a gender. */
function wants(columns: Columns, position: number, gender: number | null): boolean {
  const { f64, u32, genderStarts, preferredGenders } = columns;
  const from = u32[genderStarts + position] as number;
  const to = u32[genderStarts + position + 1] as number;
  if (from === to) return true;
  for (let i = from; i < to; i++) if (f64[preferredGenders + i] === gender) return true;
  return false;
}

/** Without a preference an unknown distance is accepted too. */
const isInRadius = (km: number, radiusKm: number): boolean => Number.isNaN(radiusKm) || km <= radiusKm;

/** NaN means unknown; an unknown age is in no preferred range. */
function isOfAge(age: number, min: number, max: number): boolean {
  if (Number.isNaN(min) && Number.isNaN(max)) return true;
  return !Number.isNaN(age) && !(age < min) && !(age > max);
}

function includes(values: ArrayLike<number>, value: number): boolean {
  for (let i = 0; i < values.length; i++) if (values[i] === value) return true;
  return false;
}
