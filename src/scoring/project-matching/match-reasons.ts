import { type MatchScore, percentOf } from "./match.ts";

/** What a match is told by, beside its score. */
export type ReasonFacts = {
  readonly score: Pick<MatchScore, "matchedCount" | "location">;
  /** Names of the required skills, in order: those that are there, and those that are not. */
  readonly matched: readonly string[];
  readonly missing: readonly string[];
  /** Null: not known, or of no account. */
  readonly distanceKm: number | null;
};

/** Why somebody fits, in sentences for people: skills first, then what is missing, then the distance. */
export function matchReasons({ score, matched, missing, distanceKm }: ReasonFacts): string[] {
  const required = matched.length + missing.length;
  const reasons = [`${score.matchedCount} of ${required} required skills: ${matched.join(", ")}`];
  if (missing.length > 0) reasons.push(`missing: ${missing.join(", ")}`);
  if (distanceKm !== null && score.location !== null)
    reasons.push(`${Math.round(distanceKm)} km away: ${percentOf(score.location)} % of nearness`);
  return reasons;
}
