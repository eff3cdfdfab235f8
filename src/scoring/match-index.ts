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
  BLOCK_SIZE,
  findSkill,
  firstNorthOf,
  localOf,
  type SkillBlock,
  weightIn,
  weightOf,
} from "./skill-block.ts";

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

const BINS = 1_024;

/** What is written while a block is gone through; zero before and after. */
type Scratch = { readonly sums: Uint32Array; readonly bins: Uint32Array };

/** One project on its way through the blocks. */
type Search = {
  readonly project: MatchProject;
  readonly required: number;
  /** Null: nearness never counts. */
  readonly latitude: number | null;
  readonly best: BestList;
};

/**
 * The sum of skills that somebody needs at least to have `score` at a nearness; null: it does not count. Never too high: a little too
 * low lets some more be looked at, and they are compared exactly.
 */
function neededMilli(score: number, required: number, location: number | null): number {
  const skill = location === null ? score : (score - MATCH_WEIGHTS.location * location) / MATCH_WEIGHTS.skill;
  return Math.max(1, Math.floor((skill - 2e-6) * FULL * required) - 1);
}

function locationIn(block: SkillBlock, project: MatchProject, local: number): number | null {
  const latitude = block.latitudes[local] ?? Number.NaN;
  if (Number.isNaN(latitude)) return null;
  return locationOf(project, { latitude, longitude: block.longitudes[local] as number });
}

/** The skills of a project that the block has, the rarest first. */
function listsOf(block: SkillBlock, { requiredSkillIds }: MatchProject): number[] {
  const lengthOf = (skill: number) => (block.starts[skill + 1] as number) - (block.starts[skill] as number);
  return requiredSkillIds
    .map((id) => findSkill(block, id))
    .filter((skill) => skill >= 0)
    .sort((a, b) => lengthOf(a) - lengthOf(b));
}

/** What a volunteer must have of, told by two words. */
type Requirement = {
  readonly low: number;
  readonly high: number;
  /** Required skills that share a bit with another one: each may be had although no bit of its own says so. */
  readonly unseen: number;
};

function requirementOf({ bitOf }: SkillBlock, lists: readonly number[]): Requirement {
  let low = 0;
  let high = 0;
  for (const skill of lists) {
    const bit = bitOf[skill] as number;
    if (bit < 32) low |= 1 << bit;
    else high |= 1 << (bit & 31);
  }
  return { low, high, unseen: lists.length - bitsOf(low) - bitsOf(high) };
}

/** How many bits of a word are set. */
function bitsOf(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** How many of the required skills somebody may have: never fewer than they do. */
const mayHave = ({ signatures }: SkillBlock, { low, high, unseen }: Requirement, local: number): number =>
  bitsOf((signatures[2 * local] as number) & low) +
  bitsOf((signatures[2 * local + 1] as number) & high) +
  unseen;

/** A block as one search sees it. */
type Pass = {
  readonly block: SkillBlock;
  /** Its required skills, the rarest first, and the other way round. */
  readonly lists: readonly number[];
  readonly commonFirst: readonly number[];
  readonly requirement: Requirement;
};

/** Those who may be near: few, so each is looked at. How far north or south they are bounds how near they can be. */
function offerNear(search: Search, pass: Pass, floor: number): void {
  const { project, required, latitude, best } = search;
  const { block, commonFirst, requirement } = pass;
  if (latitude === null) return;
  const leastScore = () => Math.max(floor, best.full() ? best.worstScore() : 0);
  const end = firstNorthOf(block, latitude + NEAR_DEGREES);
  let score = leastScore();
  for (let n = firstNorthOf(block, latitude - NEAR_DEGREES); n < end; n++) {
    const local = block.northward[n] as number;
    const apart = Math.abs((block.latitudes[local] as number) - latitude);
    const needed = neededMilli(score, required, locationScore(apart * KM_PER_DEGREE));
    if (mayHave(block, requirement, local) * FULL < needed) continue;
    const sum = sumOf(block, commonFirst, local, needed);
    if (sum === 0) continue;
    const total = totalScore(sum & SUM_MASK, required, locationIn(block, project, local));
    if (best.offer(total, sum >>> COUNT_SHIFT, block.number * BLOCK_SIZE + local)) score = leastScore();
  }
}

const isNear = (latitude: number | null, other: number | undefined): boolean =>
  latitude !== null &&
  other !== undefined &&
  other >= latitude - NEAR_DEGREES &&
  other < latitude + NEAR_DEGREES;

/**
 * Everybody else. The postings of rare skills are added up; the commonest skills, all of which together would not be enough to enter
 * the list, are looked up for those alone who still can.
 */
function offerFar(search: Search, pass: Pass, floor: number, sums: Uint32Array): void {
  const { project, required, latitude, best } = search;
  const { block, lists } = pass;
  const { starts, postings, latitudes } = block;
  // Far away, nearness is 0; without a place the skills alone are the score, and less of them is enough.
  const location = latitude !== null && block.allPlaced ? 0 : null;
  const least = () => neededMilli(Math.max(floor, best.full() ? best.worstScore() : 0), required, location);
  let needed = least();
  const added = lists.length - Math.min(lists.length, Math.floor((needed - 1) / FULL));
  addUp(block, lists.slice(0, added), sums);
  const commonest = lists.slice(added).reverse();
  const requirement = requirementOf(block, commonest);
  for (let l = 0; l < added; l++) {
    const end = starts[(lists[l] as number) + 1] as number;
    for (let p = starts[lists[l] as number] as number; p < end; p++) {
      const local = localOf(postings[p] as number);
      const partial = sums[local] as number;
      if (partial === 0) continue;
      sums[local] = 0;
      if ((partial & SUM_MASK) + mayHave(block, requirement, local) * FULL < needed) continue;
      if (isNear(latitude, latitudes[local])) continue;
      const sum = partial + sumOf(block, commonest, local, needed - (partial & SUM_MASK));
      if ((sum & SUM_MASK) < needed) continue;
      const score = totalScore(sum & SUM_MASK, required, locationIn(block, project, local));
      if (best.offer(score, sum >>> COUNT_SHIFT, block.number * BLOCK_SIZE + local)) needed = least();
    }
  }
}

/** Adds what each has of these skills to their sum. */
function addUp({ starts, postings }: SkillBlock, lists: readonly number[], sums: Uint32Array): void {
  for (const skill of lists) {
    const end = starts[skill + 1] as number;
    for (let p = starts[skill] as number; p < end; p++) {
      const posting = postings[p] as number;
      const local = localOf(posting);
      sums[local] = (sums[local] as number) + MATCHED + weightOf(posting);
    }
  }
}

/**
 * Adds up what somebody has, and stops when it cannot be enough any more: then it is 0. What their signature denies is not looked up.
 */
function sumOf(block: SkillBlock, lists: readonly number[], local: number, needed: number): number {
  const low = block.signatures[2 * local] as number;
  const high = block.signatures[2 * local + 1] as number;
  let sum = 0;
  let reachable = lists.length * FULL;
  for (let l = 0; l < lists.length; l++) {
    const skill = lists[l] as number;
    const bit = block.bitOf[skill] as number;
    const weight = (((bit < 32 ? low : high) >>> (bit & 31)) & 1) === 0 ? 0 : weightIn(block, skill, local);
    reachable -= FULL;
    if (weight > 0) {
      sum += MATCHED + weight;
      reachable += MATCH_WEIGHTS.matchedMilli + weight;
    }
    if (reachable < needed) return 0;
  }
  return sum;
}

/**
 * A score that at least `keep` of the block reach, whatever their nearness: so nobody below it needs a place in a list that is not
 * full yet. 0 when there are not so many.
 */
function floorScore(search: Search, { block, lists }: Pass, { sums, bins }: Scratch): number {
  const { required, latitude, best } = search;
  addUp(block, lists, sums);
  const shift = Math.max(0, Math.ceil(Math.log2((FULL * required + 1) / BINS)));
  bins.fill(0);
  for (let local = 0; local < BLOCK_SIZE; local++) {
    const bin = ((sums[local] as number) & SUM_MASK) >>> shift;
    bins[bin] = (bins[bin] as number) + 1;
  }
  sums.fill(0);
  let reached = 0;
  for (let bin = BINS - 1; bin > 0; bin--) {
    reached += bins[bin] as number;
    if (reached >= best.keeps)
      return (latitude === null ? 1 : MATCH_WEIGHTS.skill) * ((bin << shift) / (FULL * required));
  }
  return 0;
}

function passOf(block: SkillBlock, project: MatchProject): Pass {
  const lists = listsOf(block, project);
  return { block, lists, commonFirst: lists.toReversed(), requirement: requirementOf(block, lists) };
}

/** Weights of the required skills of one volunteer, in the order of the project; 0 for one that is missing. */
function weightsIn(block: SkillBlock, project: MatchProject, local: number): number[] {
  return project.requiredSkillIds.map((id) => {
    const skill = findSkill(block, id);
    return skill < 0 ? 0 : weightIn(block, skill, local);
  });
}

/** A match with the weights of the required skills, in their order. */
export type IndexedMatch = Match & { readonly weights: readonly number[] };

/** Survivors are scored by the reference itself. */
function describe(search: Search, byNumber: ReadonlyMap<number, SkillBlock>): IndexedMatch[] {
  const { project, best } = search;
  return best.sorted().map((volunteerId) => {
    const block = byNumber.get(Math.floor(volunteerId / BLOCK_SIZE)) as SkillBlock;
    const local = volunteerId % BLOCK_SIZE;
    const weights = weightsIn(block, project, local);
    const scored = scoreMatch(weights, block.skillCounts[local] as number, locationIn(block, project, local));
    if (!scored) throw new Error(`The volunteer ${volunteerId} of a list matches nothing.`);
    return { volunteerId, weights, ...scored };
  });
}

/**
 * The best candidates of each project, best first: ids, scores and ties as `bestMatches` of match.ts gives them. Adding up inverted
 * lists with a threshold that leaves out the long ones is MaxScore (Turtle and Flood, Query evaluation: strategies and
 * optimizations, 1995); it is exact, since whoever is left out could not have entered.
 *
 * @param keep at least 1.
 * @throws RangeError for a project that requires more than 500 skills.
 */
export function matchProjects(
  blocks: readonly SkillBlock[],
  projects: readonly MatchProject[],
  keep: number,
): IndexedMatch[][] {
  if (projects.some(({ requiredSkillIds }) => requiredSkillIds.length > MAX_REQUIRED_SKILLS))
    throw new RangeError(`a project requires more than ${MAX_REQUIRED_SKILLS} skills`);
  const searches = projects.map((project) => ({
    project,
    required: project.requiredSkillIds.length,
    latitude: project.remote ? null : (project.place?.latitude ?? null),
    best: openBestList(keep),
  }));
  const scratch = { sums: new Uint32Array(BLOCK_SIZE), bins: new Uint32Array(BINS) };
  // Block by block, so that each is read from memory once for all projects.
  for (const block of blocks) {
    for (const search of searches) {
      const pass = passOf(block, search.project);
      const floor = search.best.full() ? 0 : floorScore(search, pass, scratch);
      offerNear(search, pass, floor);
      offerFar(search, pass, floor, scratch.sums);
    }
  }
  const byNumber = new Map(blocks.map((block) => [block.number, block]));
  return searches.map((search) => describe(search, byNumber));
}
