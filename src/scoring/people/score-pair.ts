import { EARTH_KM } from "../distance.ts";
import { countCommon } from "./interest-sets.ts";
import type { Person } from "./person.ts";

/** Shares of the terms in a pair score; their sum is 1. */
export const PAIR_WEIGHTS = {
  traits: 0.25,
  interests: 0.2,
  quality: 0.15,
  fit: 0.1,
  proximity: 0.2,
  newness: 0.1,
} as const;

export type PairTerm = keyof typeof PAIR_WEIGHTS;
/** The order of the terms where they are columns or bytes. */
export const PAIR_TERMS = ["traits", "interests", "quality", "fit", "proximity", "newness"] as const;
export const TERM_COUNT = PAIR_TERMS.length;
/** Each from 0 to 1, unweighted. */
export type PairTerms = { readonly [Term in PairTerm]: number };

/** The value of a term if one side of it is missing. */
export const MISSING = { traits: 0.5, interests: 0.1, quality: 0.5, fit: 0.5, sameText: 0.25 } as const;

/** Radius of proximity of a viewer without a preferred distance. */
export const DEFAULT_RADIUS_KM = 100;
/** Traits that both must have for a comparison. */
export const MIN_COMMON_TRAITS = 2;

/** A: all preferences of the viewer are met; else B. */
export type PairTier = "A" | "B";

export type PairScore = {
  /** From 0 to 1. */
  readonly score: number;
  readonly tier: PairTier;
  readonly terms: PairTerms;
};

export type ScoredPair = PairScore & { readonly candidateId: number };

/**
 * score = 0.25 traits + 0.2 interests + 0.15 quality + 0.1 fit + 0.2 proximity + 0.1 newness, from the point
 * of view of one person, the viewer. The reference: fast paths find the same candidates and store these
 * scores.
 *
 * Summed in this order, newness last, so that a stored sum of the rest can take a later newness.
 */
export function scorePair(viewer: Person, candidate: Person): PairScore {
  const numbers = new Float64Array(TERM_COUNT + 1);
  const tier = scoreInto(numbers, viewer, candidate);
  const [traits, interests, quality, fit, proximity, newness, score] = numbers as unknown as Numbers;
  return { score, tier, terms: { traits, interests, quality, fit, proximity, newness } };
}

type Numbers = Iterable<number> & [number, number, number, number, number, number, number];

/**
 * The same without an object: writes the terms in the order of PAIR_TERMS, then the score.
 *
 * @returns the tier.
 */
export function scoreInto(numbers: Float64Array, viewer: Person, candidate: Person): PairTier {
  const km = distanceBetween(viewer, candidate);
  const traits = traitsTerm(viewer, candidate);
  const interests = interestsTerm(viewer.interests, candidate.interests);
  const quality = qualityTerm(candidate);
  const fit = fitTerm(viewer, candidate);
  const proximity = proximityTerm(viewer, candidate, km);
  const { newness } = candidate;
  numbers[0] = traits;
  numbers[1] = interests;
  numbers[2] = quality;
  numbers[3] = fit;
  numbers[4] = proximity;
  numbers[5] = newness;
  numbers[6] = sumTerms(traits, interests, quality, fit, proximity, newness);
  return tierOf(viewer, candidate, km);
}

/**
 * At least the score, without comparing traits and interests: bound = score with traits 1 and interests
 * smaller / larger number. Summed as the score is, and every step of a sum is monotonic, so that rounding
 * does not make it less.
 */
export function pairScoreBound(viewer: Person, candidate: Person): number {
  const [a, b] = [viewer.interests.length, candidate.interests.length];
  const interests = a === 0 || b === 0 ? MISSING.interests : Math.min(a, b) / Math.max(a, b);
  const proximity = proximityTerm(viewer, candidate, distanceBetween(viewer, candidate));
  const fit = fitTerm(viewer, candidate);
  return sumTerms(1, interests, qualityTerm(candidate), fit, proximity, candidate.newness);
}

/** The tier of a pair alone. */
export const tierOfPair = (viewer: Person, candidate: Person): PairTier =>
  tierOf(viewer, candidate, distanceBetween(viewer, candidate));

/** The score of its terms. */
export function sumTerms(
  traits: number,
  interests: number,
  quality: number,
  fit: number,
  proximity: number,
  newness: number,
): number {
  const w = PAIR_WEIGHTS;
  const rest =
    w.traits * traits + w.interests * interests + w.quality * quality + w.fit * fit + w.proximity * proximity;
  return rest + w.newness * newness;
}

const clampCosine = (cosine: number): number => Math.max(-1, Math.min(1, cosine));
/** A cosine as a share from 0 to 1. */
export const cosineShare = (cosine: number): number => (clampCosine(cosine) + 1) / 2;

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/**
 * traits = (cosine + 1) / 2 x sqrt(common / smaller number of traits), the cosine being that of the strengths
 * of the common traits, 0 where either side's are all 0. Below 2 common traits the quiz vectors are compared
 * instead; without both, 0.5.
 */
export function traitsTerm(a: Person, b: Person): number {
  let common = 0;
  let product = 0;
  let squaresA = 0;
  let squaresB = 0;
  for (let i = 0, j = 0; i < a.traitIds.length && j < b.traitIds.length; ) {
    const order = (a.traitIds[i] as number) - (b.traitIds[j] as number);
    if (order === 0) {
      const strengthA = a.strengths[i] as number;
      const strengthB = b.strengths[j] as number;
      common += 1;
      product += strengthA * strengthB;
      squaresA += strengthA * strengthA;
      squaresB += strengthB * strengthB;
    }
    if (order <= 0) i += 1;
    if (order >= 0) j += 1;
  }
  if (common < MIN_COMMON_TRAITS) return a.quiz && b.quiz ? cosineShare(dot(a.quiz, b.quiz)) : MISSING.traits;
  const smaller = Math.min(a.traitIds.length, b.traitIds.length);
  return shareOfTraits(common, product, squaresA, squaresB, smaller);
}

/**
 * The traits term from `MIN_COMMON_TRAITS` on, from the sums over the common traits.
 *
 * @param smaller the smaller number of traits.
 */
export function shareOfTraits(
  common: number,
  product: number,
  squaresA: number,
  squaresB: number,
  smaller: number,
): number {
  const cosine = squaresA > 0 && squaresB > 0 ? product / (Math.sqrt(squaresA) * Math.sqrt(squaresB)) : 0;
  return cosineShare(cosine) * Math.sqrt(common / smaller);
}

/** interests = common / all of both (Jaccard); 0.1 where either has none. */
function interestsTerm(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length === 0 || b.length === 0) return MISSING.interests;
  const common = countCommon(a, b);
  return common / (a.length + b.length - common);
}

/** quality = mean of the four ratings that the candidate received / 5; 0.5 below 3 ratings. */
export const qualityTerm = (candidate: Person): number => candidate.quality ?? MISSING.quality;

/**
 * fit = (cosine + 1) / 2 of the ratings that the viewer gives and those that the candidate receives, both
 * minus their mean; 0.5 below 3 ratings on either side.
 */
export const fitTerm = ({ given }: Person, { received }: Person): number =>
  given && received ? cosineShare(dot(given, received)) : MISSING.fit;

/** km = 2 R asin(chord / 2), from the difference of the points; null where either has no location. */
export function distanceBetween({ point: a }: Person, { point: b }: Person): number | null {
  if (!a || !b) return null;
  return chordKm(
    (a[0] as number) - (b[0] as number),
    (a[1] as number) - (b[1] as number),
    (a[2] as number) - (b[2] as number),
  );
}

/** The distance of two points from the difference of their coordinates. */
export const chordKm = (x: number, y: number, z: number): number =>
  2 * EARTH_KM * Math.asin(Math.min(1, Math.sqrt(x * x + y * y + z * z) / 2));

/** proximity = max(0, 1 - km / radius); without both locations 0.25 for the same location text, else 0. */
function proximityTerm(viewer: Person, candidate: Person, km: number | null): number {
  if (km !== null) return Math.max(0, 1 - km / (viewer.distanceKm ?? DEFAULT_RADIUS_KM));
  return viewer.locationText !== null && viewer.locationText === candidate.locationText
    ? MISSING.sameText
    : 0;
}

/** A preference that cannot be checked, because the candidate's value is missing, is not met. */
function tierOf(viewer: Person, candidate: Person, km: number | null): PairTier {
  const { genders, ageMin, ageMax, distanceKm: limitKm } = viewer;
  const { age, gender } = candidate;
  const genderMet = genders.length === 0 || (gender !== null && contains(genders, gender));
  const ageMet =
    (ageMin === null && ageMax === null) ||
    (age !== null && (ageMin === null || age >= ageMin) && (ageMax === null || age <= ageMax));
  const distanceMet = limitKm === null || (km !== null && km <= limitKm);
  return genderMet && ageMet && distanceMet ? "A" : "B";
}

function contains(values: ArrayLike<number>, value: number): boolean {
  for (let i = 0; i < values.length; i++) if (values[i] === value) return true;
  return false;
}

/** Whether a candidate may be on the viewer's lists at all. @param blocked both directions, by id. */
export const mayList = (viewer: Person, candidate: Person, blocked: ReadonlySet<number>): boolean =>
  candidate.isCandidate && candidate.id !== viewer.id && !blocked.has(candidate.id);

/**
 * Order of a list: higher score, then the lower id. Scores are compared as they are stored, in f32, so that
 * the order follows from the stored scores (decision 0315).
 */
export const comparePairs = (
  a: Pick<ScoredPair, "score" | "candidateId">,
  b: Pick<ScoredPair, "score" | "candidateId">,
): number => Math.fround(b.score) - Math.fround(a.score) || a.candidateId - b.candidateId;

export type PairLists = { readonly [Tier in PairTier]: readonly ScoredPair[] };

/** Collects the best pairs of each tier. */
export type BestPairs = {
  /** Scores a candidate whom the viewer may see. */
  offer(viewer: Person, candidate: Person): void;
  /** The best of each tier, best first. */
  lists(): PairLists;
};

export function openBest(keep: number): BestPairs {
  const tiers = { A: openList(keep), B: openList(keep) };
  return {
    offer(viewer, candidate) {
      const { score, tier, terms } = scorePair(viewer, candidate);
      tiers[tier].offer({ candidateId: candidate.id, score, tier, terms });
    },
    lists: () => ({ A: tiers.A.best(), B: tiers.B.best() }),
  };
}

/** Sorts only when twice the kept number have come together. */
function openList(keep: number) {
  let pairs: ScoredPair[] = [];
  let last: ScoredPair | undefined;
  const cut = (): void => {
    pairs = pairs.sort(comparePairs).slice(0, keep);
    last = pairs[keep - 1];
  };
  return {
    offer(pair: ScoredPair): void {
      if (last !== undefined && comparePairs(pair, last) > 0) return;
      pairs.push(pair);
      if (pairs.length >= 2 * keep) cut();
    },
    best(): readonly ScoredPair[] {
      cut();
      return pairs;
    },
  };
}

/**
 * The best `keep` candidates of each tier, best first, by scoring everybody: the reference that faster paths
 * are tested against.
 */
export function bestPairs(
  viewer: Person,
  people: Iterable<Person>,
  keep: number,
  blocked: ReadonlySet<number> = new Set(),
): PairLists {
  const best = openBest(keep);
  for (const candidate of people) if (mayList(viewer, candidate, blocked)) best.offer(viewer, candidate);
  return best.lists();
}
