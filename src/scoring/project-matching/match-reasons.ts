import { distanceText } from "../distance.ts";
import { type MatchScore, percentOf } from "./match.ts";

/** The facts that the reasons of a match are built from. */
export type ReasonFacts = {
  readonly score: Pick<MatchScore, "matchedCount" | "locationScore">;
  /** Names of the required skills that the volunteer has, sorted. */
  readonly matched: readonly string[];
  /** Names of those they do not have, sorted. */
  readonly missing: readonly string[];
  /** Null when unknown, or when the location does not count. */
  readonly distanceKm: number | null;
};

/** Why a volunteer fits, as sentences for users: matched skills, missing skills, distance. */
export function matchReasons({ score, matched, missing, distanceKm }: ReasonFacts): string[] {
  const required = matched.length + missing.length;
  const reasons = [`${score.matchedCount} of ${required} required skills: ${matched.join(", ")}`];
  if (missing.length > 0) reasons.push(`missing: ${missing.join(", ")}`);
  if (distanceKm !== null && score.locationScore !== null)
    reasons.push(`${distanceText(distanceKm)}: location score ${percentOf(score.locationScore)} %`);
  return reasons;
}
