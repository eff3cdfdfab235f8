import { type BestList, openBestList } from "./best-list.ts";
import {
  locationOf,
  locationScore,
  MATCH_WEIGHTS,
  type Match,
  type MatchProject,
  scoreMatch,
  totalScore,
} from "./match.ts";
import {
  aboveWeight,
  type Bits,
  BLOCK_SIZE,
  BLOCK_WORDS,
  bitmapOf,
  findSkill,
  firstNorthOf,
  type SkillBlock,
  skillCountOf,
  weightOf,
} from "./skill-block.ts";
import { type BitCounter, openBitCounter } from "./skill-counts.ts";

/** Counts are kept above the sum: 20 bits hold the sum of 500 skills. */
const COUNT_SHIFT = 20;
const SUM_MASK = (1 << COUNT_SHIFT) - 1;
/** A project that requires more skills than this is not matched. */
export const MAX_REQUIRED_SKILLS = 500;

/** A matched skill adds this, and its weight. */
const MATCHED = (1 << COUNT_SHIFT) + MATCH_WEIGHTS.matchedMilli;
const FULL = MATCH_WEIGHTS.fullMilli;

/** A degree of latitude is a little more than this, whatever the longitude; so nobody further apart is near. */
const KM_PER_DEGREE = 111;
const NEAR_DEGREES = 1;

/** The first look is for so many times as many people as a list keeps: what the first block says of the others is a sample. */
const GUESS_FOR = 1.5;

/** What is written while a block is gone through. */
type Scratch = {
  readonly counter: BitCounter;
  readonly chosen: Bits;
  readonly seen: Bits;
  readonly rooms: Bits[];
  /** By the position of a skill: every bit where the project requires it, none where not. */
  readonly wanted: Int32Array;
};

/** One project on its way through the blocks. */
type Search = {
  readonly project: MatchProject;
  readonly required: number;
  /** Null: nearness never counts. */
  readonly latitude: number | null;
  readonly best: BestList;
  /** Of each block, with how many skills people were looked at; with fewer they were not yet. */
  readonly reached: Uint16Array;
  /** With fewer skills than this nobody is looked at before everybody with as many has been, in all blocks. */
  firstLevel: number;
};

/**
 * The sum of skills that somebody needs at least to enter the list at a nearness; null: it does not count. Never too high: a little
 * too low lets some more be looked at, and they are compared exactly.
 */
function neededMilli({ best, required }: Search, location: number | null): number {
  const score = best.full() ? best.worstScore() : 0;
  const skill = location === null ? score : (score - MATCH_WEIGHTS.location * location) / MATCH_WEIGHTS.skill;
  return Math.max(1, Math.floor((skill - 2e-6) * FULL * required) - 1);
}

/** How many of the skills that takes, be they ever so strong. */
const neededCount = (milli: number): number => Math.ceil(milli / FULL);

function locationIn(block: SkillBlock, project: MatchProject, local: number): number | null {
  const latitude = block.latitudes[local] ?? Number.NaN;
  if (Number.isNaN(latitude)) return null;
  return locationOf(project, { latitude, longitude: block.longitudes[local] as number });
}

/** A block as one search sees it. */
type Pass = {
  readonly block: SkillBlock;
  /** Which of the blocks it is. */
  readonly at: number;
  /** How many of the required skills anybody of the block has. */
  readonly present: number;
  readonly wanted: Int32Array;
};

/**
 * Those who may be near: how far north or south they are bounds how near they can be. Whoever has too few of the skills even for a
 * neighbour is not looked at.
 */
function offerNear(search: Search, pass: Pass, { counter, chosen }: Scratch): void {
  const { latitude } = search;
  const { block } = pass;
  if (latitude === null || block.northward.length === 0) return;
  counter.atLeast(neededCount(neededMilli(search, 1)), chosen);
  const end = firstNorthOf(block, latitude + NEAR_DEGREES);
  for (let n = firstNorthOf(block, latitude - NEAR_DEGREES); n < end; n++) {
    const local = block.northward[n] as number;
    if ((((chosen[local >>> 5] as number) >>> (local & 31)) & 1) === 0) continue;
    const apart = Math.abs((block.latitudes[local] as number) - latitude);
    const sum = sumOf(pass, local);
    if ((sum & SUM_MASK) >= neededMilli(search, locationScore(apart * KM_PER_DEGREE)))
      enter(search, block, local, sum);
  }
}

const isNear = (latitude: number | null, other: number | undefined): boolean =>
  latitude !== null &&
  other !== undefined &&
  other >= latitude - NEAR_DEGREES &&
  other < latitude + NEAR_DEGREES;

/** Far away, nearness is 0; without a place the skills alone are the score, and less of them is enough. */
const neededFarAway = (search: Search, block: SkillBlock): number =>
  neededMilli(search, search.latitude !== null && block.allPlaced ? 0 : null);

/**
 * Everybody else who has `level` skills or more, those with the most first as long as the list is not full, as far as they have not
 * been looked at.
 */
function offerFar(search: Search, pass: Pass, level: number, { counter, chosen, seen }: Scratch): void {
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
        if (enter(search, block, local, sum)) needed = neededFarAway(search, block);
      }
    }
    seen.set(chosen);
    reached[at] = next;
  }
}

/** As the first block has it, so many people and more have this many skills in all blocks together. */
function guessFirstLevel({ best, reached }: Search, present: number, { counter, chosen }: Scratch): number {
  for (let level = present; level > 1; level--) {
    counter.atLeast(level, chosen);
    const people = chosen.reduce((sum, bits) => sum + bitsOf(bits), 0);
    if (people * reached.length >= GUESS_FOR * best.keeps) return level;
  }
  return 1;
}

/** How many bits of a word are set (Hacker's Delight, section 5-1). */
function bitsOf(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Offers somebody with their exact score. @returns true when they are on the list now. */
function enter({ project, required, best }: Search, block: SkillBlock, local: number, sum: number): boolean {
  const score = totalScore(sum & SUM_MASK, required, locationIn(block, project, local));
  return best.offer(score, sum >>> COUNT_SHIFT, block.number * BLOCK_SIZE + local);
}

/** What somebody has of the required skills: added up without a branch, since nothing would foretell it. */
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

/** Counts for one search who of a block has how many of the skills, and has `work` done with it. */
function withCounts(
  search: Search,
  block: SkillBlock,
  at: number,
  scratch: Scratch,
  work: (pass: Pass) => void,
): void {
  const { counter, wanted, rooms } = scratch;
  const positions = search.project.requiredSkillIds
    .map((id) => findSkill(block, id))
    .filter((position) => position >= 0);
  while (rooms.length < positions.length) rooms.push(new Uint32Array(BLOCK_WORDS));
  counter.count(positions.map((position, n) => bitmapOf(block, position, rooms[n] as Bits)));
  for (const position of positions) wanted[position] = -1;
  work({ block, at, present: positions.length, wanted });
  for (const position of positions) wanted[position] = 0;
}

/** The first look into a block: those nearby, and those with many of the skills. */
function lookFirst(search: Search, block: SkillBlock, at: number, scratch: Scratch): void {
  withCounts(search, block, at, scratch, (pass) => {
    if (at === 0) search.firstLevel = guessFirstLevel(search, pass.present, scratch);
    search.reached[at] = pass.present + 1;
    offerNear(search, pass, scratch);
    offerFar(search, pass, search.firstLevel, scratch);
  });
}

/** The second look: those with fewer skills, where that can still be enough. */
function lookAgain(search: Search, block: SkillBlock, at: number, scratch: Scratch): void {
  if (neededCount(neededFarAway(search, block)) >= (search.reached[at] as number)) return;
  withCounts(search, block, at, scratch, (pass) => offerFar(search, pass, 1, scratch));
}

/** A match with the weights of the required skills, in their order. */
export type IndexedMatch = Match & { readonly weights: readonly number[] };

/** Weights of the required skills of one volunteer, given the positions of these; 0 for one that is missing. */
function weightsIn(
  { skills, skillStarts }: SkillBlock,
  positions: readonly number[],
  local: number,
): number[] {
  const weights = new Array<number>(positions.length).fill(0);
  const end = skillStarts[local + 1] as number;
  for (let at = skillStarts[local] as number; at < end; at++) {
    const index = positions.indexOf(aboveWeight(skills[at] as number));
    if (index >= 0) weights[index] = weightOf(skills[at] as number);
  }
  return weights;
}

/** Survivors are scored by the reference itself. */
function describe(
  { project, best }: Search,
  byNumber: ReadonlyMap<number, SkillBlock>,
  counts: ReadonlyMap<number, number> | null,
): IndexedMatch[] {
  const positions = new Map<SkillBlock, number[]>();
  return best.sorted().map((volunteerId) => {
    const block = byNumber.get(Math.floor(volunteerId / BLOCK_SIZE)) as SkillBlock;
    const local = volunteerId % BLOCK_SIZE;
    const known = positions.get(block) ?? project.requiredSkillIds.map((id) => findSkill(block, id));
    positions.set(block, known);
    const weights = weightsIn(block, known, local);
    const skillCount = counts?.get(volunteerId) ?? skillCountOf(block, local);
    const scored = scoreMatch(weights, skillCount, locationIn(block, project, local));
    if (!scored) throw new Error(`The volunteer ${volunteerId} of a list matches nothing.`);
    return { volunteerId, weights, ...scored };
  });
}

/**
 * The best candidates of each project, best first: ids, scores and ties as `bestMatches` of match.ts gives them. Leaving out whoever
 * cannot reach the worst of a full list is MaxScore (Turtle and Flood, Query evaluation: strategies and optimizations, 1995), here by
 * the number of skills; it is exact, since whoever is left out could not have entered. People with many of the skills are looked at
 * first, in all blocks: the sooner the list is good, the fewer of the others have to be.
 *
 * @param keep at least 1.
 * @param skillCounts how many skills each volunteer has, by id, where the blocks hold only some of them.
 * @throws RangeError for a project that requires more than 500 skills.
 */
export function matchProjects(
  blocks: readonly SkillBlock[],
  projects: readonly MatchProject[],
  keep: number,
  skillCounts: ReadonlyMap<number, number> | null = null,
): IndexedMatch[][] {
  if (projects.some(({ requiredSkillIds }) => requiredSkillIds.length > MAX_REQUIRED_SKILLS))
    throw new RangeError(`a project requires more than ${MAX_REQUIRED_SKILLS} skills`);
  const searches = projects.map((project) => ({
    project,
    required: project.requiredSkillIds.length,
    latitude: project.remote ? null : (project.place?.latitude ?? null),
    best: openBestList(keep),
    reached: new Uint16Array(blocks.length),
    firstLevel: 1,
  }));
  const scratch: Scratch = {
    counter: openBitCounter(BLOCK_WORDS),
    chosen: new Uint32Array(BLOCK_WORDS),
    seen: new Uint32Array(BLOCK_WORDS),
    rooms: [],
    wanted: new Int32Array(Math.max(0, ...blocks.map(({ skillIds }) => skillIds.length))),
  };
  // Block by block, so that each is read from memory once for all projects.
  for (const look of [lookFirst, lookAgain])
    for (const [at, block] of blocks.entries())
      for (const search of searches) look(search, block, at, scratch);
  const byNumber = new Map(blocks.map((block) => [block.number, block]));
  return searches.map((search) => describe(search, byNumber, skillCounts));
}
