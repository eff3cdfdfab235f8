import { EARTH_KM, type Location } from "../distance.ts";

/** The numbers of the match score (docs/decisions/0044). SQL takes them from here. */
export const MATCH_WEIGHTS = {
  /**
   * A matched skill contributes this much, and its weight on top, up to `fullMilli`. In thousandths, so that
   * sums are exact.
   */
  matchedMilli: 1_000,
  fullMilli: 2_000,
  /** Shares of the score where the location counts. */
  skill: 0.7,
  location: 0.3,
  /** The location score is 0 from this distance on. */
  reachKm: 100,
} as const;

/** The facts of a project that matching uses. Ids are numbers, since ties break by them. */
export type MatchProject = {
  readonly id: number;
  /** At least one, without duplicates. */
  readonly requiredSkillIds: readonly number[];
  readonly location: Location | null;
  readonly remote: boolean;
};

/** The facts of a volunteer that matching uses: weights by skill id, in thousandths from 100 to 1000. */
export type MatchVolunteer = {
  readonly id: number;
  readonly skills: ReadonlyMap<number, number>;
  readonly location: Location | null;
};

/** Shares from 0 to 1, each rounded to a millionth: the stored values are the compared values. */
export type MatchScore = {
  readonly score: number;
  /** Sum over matched skills of (0.5 + 0.5 weight) / number required. */
  readonly skill: number;
  /** Sum over matched skills of weight / number required. */
  readonly coverage: number;
  /** Cosine between the weights of the required skills, 0 for a missing one, and a vector of ones. */
  readonly cosine: number;
  /** Matched skills / union of required and own skills. */
  readonly jaccard: number;
  /** Null where the location does not count. */
  readonly locationScore: number | null;
  readonly matchedCount: number;
};

export type Match = MatchScore & { readonly volunteerId: number };

const MILLION = 1_000_000;
/** A share as a whole number of millionths. */
export const millionths = (share: number): number => Math.round(share * MILLION);
const roundToMillionth = (share: number): number => millionths(share) / MILLION;

/** location score = 1 - min(km / 100, 1): falls linearly with the distance, and is 0 from 100 km on. */
export const scoreDistance = (km: number): number => 1 - Math.min(km / MATCH_WEIGHTS.reachKm, 1);

/**
 * score = 0.7 skill + 0.3 location where the location counts, else skill; skill = skillMilli / (2000 x
 * required). Rounded to a millionth.
 *
 * @param skillMilli sum over matched skills of 1000 + weight, in thousandths.
 * @param required number of required skills, at least 1.
 * @param locationScore from 0 to 1; null where the location does not count.
 */
export function totalScore(skillMilli: number, required: number, locationScore: number | null): number {
  const skill = skillMilli / (MATCH_WEIGHTS.fullMilli * required);
  return roundToMillionth(
    locationScore === null ? skill : MATCH_WEIGHTS.skill * skill + MATCH_WEIGHTS.location * locationScore,
  );
}

/**
 * bound = the total score with a location score of 1 where the location may count: no volunteer with these
 * skills scores more, wherever they are. The SQL of src/project-matching/score-bound.ts computes the same.
 *
 * @param skillMilli and `required` as for `totalScore`.
 * @param project only whether its location can count is read.
 */
export const scoreBound = (
  skillMilli: number,
  required: number,
  { remote, location }: Pick<MatchProject, "location" | "remote">,
): number => totalScore(skillMilli, required, remote || location === null ? null : 1);

/**
 * Scores one pair: a missing skill counts 0, a matched one half and its weight the other half (see
 * `totalScore` and `MatchScore`).
 *
 * @param weights of the required skills in thousandths; 0 for a missing one.
 * @param skillCount number of all skills of the volunteer, required or not.
 * @param locationScore from 0 to 1, or null where the location does not count.
 * @returns null when no skill matches: such a pair is no match, however near.
 */
export function scoreMatch(
  weights: ArrayLike<number>,
  skillCount: number,
  locationScore: number | null,
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
    score: totalScore(skillMilli, required, locationScore),
    skill: totalScore(skillMilli, required, null),
    coverage: roundToMillionth(sum / (1_000 * required)),
    cosine: roundToMillionth(sum / Math.sqrt(squares * required)),
    jaccard: roundToMillionth(matchedCount / (required + skillCount - matchedCount)),
    locationScore: locationScore === null ? null : roundToMillionth(locationScore),
    matchedCount,
  };
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/**
 * km = 2 R asin(sqrt(h)), h = sin²(Δlat / 2) + cos(lat a) cos(lat b) sin²(Δlon / 2): the great-circle
 * distance (haversine).
 */
export function distanceKm(a: Location, b: Location): number {
  const [latitudeA, latitudeB] = [radians(a.latitude), radians(b.latitude)];
  const byLatitude = Math.sin((latitudeB - latitudeA) / 2);
  const byLongitude = Math.sin(radians(b.longitude - a.longitude) / 2);
  const h = byLatitude * byLatitude + Math.cos(latitudeA) * Math.cos(latitudeB) * byLongitude * byLongitude;
  return 2 * EARTH_KM * Math.asin(Math.min(1, Math.sqrt(h)));
}

/**
 * location score of the distance between both, or null where it does not count: the project is remote, or
 * either has no location.
 */
export function locationScoreOf(
  project: Pick<MatchProject, "location" | "remote">,
  location: Location | null,
): number | null {
  if (project.remote || project.location === null || location === null) return null;
  return scoreDistance(distanceKm(project.location, location));
}

/** Weights of the required skills in the project's order, in thousandths; 0 for a missing one. */
export const weightsOf = (project: MatchProject, { skills }: MatchVolunteer): number[] =>
  project.requiredSkillIds.map((skill) => skills.get(skill) ?? 0);

/** Scores one volunteer for one project. @returns null when no skill matches. */
export function matchOf(project: MatchProject, volunteer: MatchVolunteer): Match | null {
  const locationScore = locationScoreOf(project, volunteer.location);
  const scored = scoreMatch(weightsOf(project, volunteer), volunteer.skills.size, locationScore);
  return scored && { volunteerId: volunteer.id, ...scored };
}

/** The sort key of a list. */
export type MatchRank = Pick<Match, "score" | "matchedCount" | "volunteerId">;

/**
 * Order of candidates: higher score, then more matched skills, then the lower id. Negative when `a` comes
 * first.
 */
export function compareMatches(a: MatchRank, b: MatchRank): number {
  return b.score - a.score || b.matchedCount - a.matchedCount || a.volunteerId - b.volunteerId;
}

/**
 * The best `keep` candidates of a project, best first, by scoring every volunteer: the reference that faster
 * paths are tested against.
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

/** percent = floor(100 x score): never shows more than was scored. */
export const percentOf = (score: number): number => Math.floor(millionths(score) / 10_000);
