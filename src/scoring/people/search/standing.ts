import { hashOfText } from "../../text-hash.ts";

/**
 * The static order of people, by which searches for very common words are cut to CANDIDATES people before
 * they are ranked: a random order that never changes, in which complete profiles tend to come first.
 */

/** At most this many people are ranked in one search. */
export const CANDIDATES = 1_000;

/** The completeness (in tens) at which standings are spread evenly. */
const USUAL = 8;

/**
 * standing = 1 - u ^ (8 / w), where u in [0, 1) is drawn from the id and w = completeness / 10: the order of
 * a weighted random sample (Efraimidis and Spirakis 2006). From 0, first, to 1.
 */
export function standingOf(userId: string, completeness: number): number {
  const weight = Math.max(1, completeness / 10);
  return 1 - uniform(userId) ** (USUAL / weight);
}

/** Not 0, whose logarithm is infinite. */
const uniform = (text: string): number => (hashOfText(text) >>> 0) / 2 ** 32 || 2 ** -33;

/** The last band. */
export const LAST_BAND = 8;

/** Share of the people in the bands 0 to `band`: 1/256, 1/128, and so on up to all. */
export const shareUpTo = (band: number): number => 2 ** (band - LAST_BAND);

/** The band of a standing. Bands follow each other in the static order, each as large as all before it. */
export function bandOf(standing: number): number {
  const band = standing < shareUpTo(0) ? 0 : 1 + Math.floor(Math.log2(standing / shareUpTo(0)));
  return Math.min(band, LAST_BAND);
}

/** More people are read than should be needed, since bands vary. */
const RESERVE = 1.5;

/**
 * The band up to which to search next.
 *
 * @param found how many people were found up to `band`, fewer than CANDIDATES.
 */
export function nextBand(band: number, found: number): number {
  if (found === 0) return LAST_BAND;
  const wanted = (shareUpTo(band) * CANDIDATES * RESERVE) / found;
  const next = Math.ceil(Math.log2(wanted)) + LAST_BAND;
  return Math.min(LAST_BAND, Math.max(band + 1, next));
}
