/** All numbers of matching. */
export const MATCH_WEIGHTS = {
  /** What a matched skill counts at least, and what its weight adds at most; in thousandths, so that sums are exact. */
  matchedMilli: 1_000,
  fullMilli: 2_000,
  /** Parts of the score where both have a place and the project is not remote. */
  skill: 0.7,
  location: 0.3,
  /** So far away, nearness counts nothing. */
  reachKm: 100,
} as const;

export type Place = { readonly latitude: number; readonly longitude: number };

/** A project as matching sees it. Ids are whole numbers here: ties break by them. */
export type MatchProject = {
  readonly id: number;
  /** Each once, at least one. */
  readonly requiredSkillIds: readonly number[];
  readonly place: Place | null;
  readonly remote: boolean;
};

/** A volunteer as matching sees them: weights by skill, in thousandths from 100 to 1000. */
export type MatchVolunteer = {
  readonly id: number;
  readonly skills: ReadonlyMap<number, number>;
  readonly place: Place | null;
};

/** Shares from 0 to 1, each in whole millionths: what is stored is what is compared. */
export type MatchScore = {
  readonly score: number;
  /** Sum over matched of (0.5 + 0.5 w) / required. */
  readonly skill: number;
  /** Sum over matched of w / required. */
  readonly coverage: number;
  /** Between the weights of the required skills, missing ones 0, and the whole requirement. */
  readonly cosine: number;
  /** Matched / union of what is required and what the volunteer has. */
  readonly jaccard: number;
  /** Null: it does not count. */
  readonly location: number | null;
  readonly matchedCount: number;
};

export type Match = MatchScore & { readonly volunteerId: number };

const MILLION = 1_000_000;
/** A share as a whole number of millionths. */
export const millionths = (share: number): number => Math.round(share * MILLION);
const inMillionths = (share: number): number => millionths(share) / MILLION;

/**
 * location = 1 - min(km / 100, 1): falls evenly, 0 from 100 km on.
 */
export const locationScore = (km: number): number => 1 - Math.min(km / MATCH_WEIGHTS.reachKm, 1);

/**
 * score = 0.7 skill + 0.3 location where location counts, else skill; in whole millionths.
 *
 * `skillMilli` is the sum over matched skills of 1000 + weight in thousandths; skill = skillMilli / (2000 x required).
 */
export function totalScore(skillMilli: number, required: number, location: number | null): number {
  const skill = skillMilli / (MATCH_WEIGHTS.fullMilli * required);
  return inMillionths(
    location === null ? skill : MATCH_WEIGHTS.skill * skill + MATCH_WEIGHTS.location * location,
  );
}

/**
 * Scores one pair: a missing skill counts 0, a stronger one more than a weaker one.
 *
 * @param weights of the required skills, in thousandths; 0 for one that is missing.
 * @param skillCount how many skills the volunteer has, required or not.
 * @param location nearness from 0 to 1, or null where it does not count.
 * @returns null when nothing matches: such a pair is no match, however near.
 */
export function scoreMatch(
  weights: ArrayLike<number>,
  skillCount: number,
  location: number | null,
): MatchScore | null {
  const required = weights.length;
  let matchedCount = 0;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < required; i++) {
    const weight = weights[i] as number;
    if (weight === 0) continue;
    matchedCount += 1;
    sum += weight;
    squares += weight * weight;
  }
  if (matchedCount === 0) return null;
  const skillMilli = MATCH_WEIGHTS.matchedMilli * matchedCount + sum;
  return {
    score: totalScore(skillMilli, required, location),
    skill: totalScore(skillMilli, required, null),
    coverage: inMillionths(sum / (1_000 * required)),
    cosine: inMillionths(sum / Math.sqrt(squares * required)),
    jaccard: inMillionths(matchedCount / (required + skillCount - matchedCount)),
    location: location === null ? null : inMillionths(location),
    matchedCount,
  };
}

const EARTH_KM = 6_371.0088;
const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Great-circle distance by the haversine formula on a sphere of 6371.0088 km (IUGG mean radius). */
export function distanceKm(
  latitudeA: number,
  longitudeA: number,
  latitudeB: number,
  longitudeB: number,
): number {
  const a = radians(latitudeA);
  const b = radians(latitudeB);
  const byLatitude = Math.sin((b - a) / 2);
  const byLongitude = Math.sin(radians(longitudeB - longitudeA) / 2);
  const h = byLatitude * byLatitude + Math.cos(a) * Math.cos(b) * byLongitude * byLongitude;
  return 2 * EARTH_KM * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** Nearness of a pair, or null where it does not count: the project is remote, or one of them has no place. */
export function locationOf(
  project: Pick<MatchProject, "place" | "remote">,
  place: Place | null,
): number | null {
  if (project.remote || project.place === null || place === null) return null;
  const { latitude, longitude } = project.place;
  return locationScore(distanceKm(latitude, longitude, place.latitude, place.longitude));
}

/** Weights of the required skills, in their order; 0 for one that is missing. */
export const weightsOf = (project: MatchProject, { skills }: MatchVolunteer): number[] =>
  project.requiredSkillIds.map((skill) => skills.get(skill) ?? 0);

/** Scores one volunteer for one project. @returns null when nothing matches. */
export function matchOf(project: MatchProject, volunteer: MatchVolunteer): Match | null {
  const location = locationOf(project, volunteer.place);
  const scored = scoreMatch(weightsOf(project, volunteer), volunteer.skills.size, location);
  return scored && { volunteerId: volunteer.id, ...scored };
}

/** The order of candidates: score, then matched skills, then the lower id. Below 0: `a` stands before `b`. */
export function compareMatches(
  a: Pick<Match, "score" | "matchedCount" | "volunteerId">,
  b: Pick<Match, "score" | "matchedCount" | "volunteerId">,
): number {
  return b.score - a.score || b.matchedCount - a.matchedCount || a.volunteerId - b.volunteerId;
}

/**
 * The best candidates of a project, best first: the reference for every faster way. Looks at each volunteer.
 */
export function bestMatches(
  project: MatchProject,
  volunteers: Iterable<MatchVolunteer>,
  keep: number,
): Match[] {
  const matches: Match[] = [];
  for (const volunteer of volunteers) {
    const match = matchOf(project, volunteer);
    if (match) matches.push(match);
  }
  return matches.sort(compareMatches).slice(0, keep);
}

/** Rounded down: nobody is told of more than there is. */
export const percentOf = (score: number): number => Math.floor(millionths(score) / 10_000);
