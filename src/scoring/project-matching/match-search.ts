import type { Location } from "../distance.ts";
import type { BestList } from "./best-list.ts";
import { locationScoreOf, MATCH_WEIGHTS, type MatchProject, scoreDistance, totalScore } from "./match.ts";
import {
  aboveWeight,
  type Bits,
  BLOCK_SIZE,
  BLOCK_WORDS,
  firstNorthOf,
  type SkillBlock,
  weightOf,
} from "./skill-block.ts";
import type { BitCounter } from "./skill-counts.ts";

/**
 * A sum of skills holds their number above bit 20 and their weights below: 20 bits hold the sum of 500
 * skills.
 */
const COUNT_SHIFT = 20;
const SUM_MASK = (1 << COUNT_SHIFT) - 1;
/** A project that requires more skills than this is not matched. */
export const MAX_REQUIRED_SKILLS = 500;

/** What a matched skill adds to a sum, besides its weight. */
const MATCHED = (1 << COUNT_SHIFT) + MATCH_WEIGHTS.matchedMilli;
const FULL = MATCH_WEIGHTS.fullMilli;

/**
 * A degree of latitude is a little longer than this everywhere, so volunteers further apart have a location
 * score of 0.
 */
const KM_PER_DEGREE = 111;
const REACH_DEGREES = 1;

/**
 * The first pass aims at this multiple of the length of a list, since it only estimates how many people a
 * level yields.
 */
const CANDIDATES_PER_ENTRY = 1.5;

/**
 * Scores are rounded to a millionth, which may raise them by half of one; a bound allows for more than that.
 */
const ROUNDING = 2e-6;

/** Buffers that all searches of a thread write to. */
export type Scratch = {
  readonly counter: BitCounter;
  readonly chosen: Bits;
  readonly seen: Bits;
  readonly bitmaps: Bits[];
  /** By position of a skill: -1 (all bits set) where the project requires it, else 0. */
  readonly wanted: Int32Array;
};

/** The state of one project's search over all blocks. */
export type Search = {
  readonly project: MatchProject;
  readonly required: number;
  /** Null when the location never counts. */
  readonly latitude: number | null;
  readonly best: BestList;
  /** By block: everybody with at least this many required skills has been offered to `best`. */
  readonly reached: Uint16Array;
  /** The first pass over the blocks offers those with at least this many required skills. */
  firstLevel: number;
};

/** One search in one block, after the required skills of its volunteers were counted. */
export type Pass = {
  readonly block: SkillBlock;
  /** Index of the block among all blocks. */
  readonly at: number;
  /** How many of the required skills occur in the block. */
  readonly present: number;
  readonly wanted: Int32Array;
};

/**
 * The sum of skills needed to enter the list with this location score; null where it does not count. Never
 * too high, so nobody is left out who could enter; slightly too low, so that some are scored who do not.
 */
function neededMilli({ best, required }: Search, locationScore: number | null): number {
  const score = best.full() ? best.worstScore() : 0;
  const skill =
    locationScore === null ? score : (score - MATCH_WEIGHTS.location * locationScore) / MATCH_WEIGHTS.skill;
  return Math.max(1, Math.floor((skill - ROUNDING) * FULL * required) - 1);
}

/** The least number of skills that can add up to the sum. */
const neededCount = (milli: number): number => Math.ceil(milli / FULL);

/** Far from the project the location score is 0; where it does not count, a lower sum of skills is enough. */
const neededFarAway = (search: Search, block: SkillBlock): number =>
  neededMilli(search, search.latitude !== null && block.allLocated ? 0 : null);

/** Whether nobody in the block who has not been offered yet can enter the list any more. */
export const isExhausted = (search: Search, block: SkillBlock, at: number): boolean =>
  neededCount(neededFarAway(search, block)) >= (search.reached[at] as number);

/** The location score of a volunteer of the block. */
export function locationScoreIn(block: SkillBlock, project: MatchProject, local: number): number | null {
  const latitude = block.latitudes[local] ?? Number.NaN;
  if (Number.isNaN(latitude)) return null;
  const location: Location = { latitude, longitude: block.longitudes[local] as number };
  return locationScoreOf(project, location);
}

/**
 * Offers those within a degree of latitude, whose location score may be above 0. The distance in latitude
 * bounds that score, so those with too few skills even for it are skipped.
 */
export function offerNear(search: Search, pass: Pass, { counter, chosen }: Scratch): void {
  const { latitude } = search;
  const { block } = pass;
  if (latitude === null || block.northward.length === 0) return;
  counter.atLeast(neededCount(neededMilli(search, 1)), chosen);
  const end = firstNorthOf(block, latitude + REACH_DEGREES);
  for (let n = firstNorthOf(block, latitude - REACH_DEGREES); n < end; n++) {
    const local = block.northward[n] as number;
    if ((((chosen[local >>> 5] as number) >>> (local & 31)) & 1) === 0) continue;
    const apart = Math.abs((block.latitudes[local] as number) - latitude);
    const sum = sumOf(pass, local);
    if ((sum & SUM_MASK) >= neededMilli(search, scoreDistance(apart * KM_PER_DEGREE)))
      offer(search, block, local, sum);
  }
}

const isNear = (latitude: number | null, other: number | undefined): boolean =>
  latitude !== null &&
  other !== undefined &&
  other >= latitude - REACH_DEGREES &&
  other < latitude + REACH_DEGREES;

/**
 * Offers everybody else with at least `level` required skills who was not offered before. While the list is
 * not full, those with the most skills come first, so that the bound rises quickly.
 */
export function offerFar(
  search: Search,
  pass: Pass,
  level: number,
  { counter, chosen, seen }: Scratch,
): void {
  const { latitude, best, reached } = search;
  const { block, at } = pass;
  let needed = neededFarAway(search, block);
  counter.atLeast(reached[at] as number, seen);
  for (;;) {
    const lowest = Math.max(level, neededCount(needed));
    if (lowest >= (reached[at] as number)) return;
    const next = best.full() ? lowest : (reached[at] as number) - 1;
    counter.atLeast(next, chosen);
    for (let w = 0; w < BLOCK_WORDS; w++) {
      let bits = (chosen[w] as number) & ~(seen[w] as number);
      while (bits !== 0) {
        const local = (w << 5) | (31 - Math.clz32(bits & -bits));
        bits &= bits - 1;
        const sum = sumOf(pass, local);
        if ((sum & SUM_MASK) < needed || isNear(latitude, block.latitudes[local])) continue;
        if (offer(search, block, local, sum)) needed = neededFarAway(search, block);
      }
    }
    seen.set(chosen);
    reached[at] = next;
  }
}

/** The highest number of skills that, going by the first block, enough people in all blocks have. */
export function guessFirstLevel(
  { best, reached }: Search,
  present: number,
  { counter, chosen }: Scratch,
): number {
  for (let level = present; level > 1; level--) {
    counter.atLeast(level, chosen);
    const people = chosen.reduce((sum, bits) => sum + bitsOf(bits), 0);
    if (people * reached.length >= CANDIDATES_PER_ENTRY * best.keeps) return level;
  }
  return 1;
}

/** Number of bits set in a word. Source: Hacker's Delight, section 5-1. */
function bitsOf(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Offers a volunteer with their exact score. @returns whether they are on the list now. */
function offer({ project, required, best }: Search, block: SkillBlock, local: number, sum: number): boolean {
  const score = totalScore(sum & SUM_MASK, required, locationScoreIn(block, project, local));
  return best.offer(score, sum >>> COUNT_SHIFT, block.number * BLOCK_SIZE + local);
}

/** Adds up the required skills of a volunteer. Without a branch: it would be unpredictable. */
function sumOf({ block, wanted }: Pass, local: number): number {
  const { skills, skillStarts } = block;
  const end = skillStarts[local + 1] as number;
  let sum = 0;
  for (let at = skillStarts[local] as number; at < end; at++) {
    const word = skills[at] as number;
    sum += (MATCHED + weightOf(word)) & (wanted[aboveWeight(word)] as number);
  }
  return sum;
}
