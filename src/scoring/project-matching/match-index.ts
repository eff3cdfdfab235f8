import { openBestList } from "./best-list.ts";
import { type Match, type MatchProject, scoreMatch } from "./match.ts";
import {
  guessFirstLevel,
  isExhausted,
  locationScoreIn,
  MAX_REQUIRED_SKILLS,
  offerFar,
  offerNear,
  type Pass,
  type Scratch,
  type Search,
} from "./match-search.ts";
import {
  aboveWeight,
  type Bits,
  BLOCK_SIZE,
  BLOCK_WORDS,
  bitmapOf,
  findSkill,
  type SkillBlock,
  skillCountOf,
  weightOf,
} from "./skill-block.ts";
import { openBitCounter } from "./skill-counts.ts";

/** A match with the weights of the required skills, in the project's order. */
export type IndexedMatch = Match & { readonly weights: readonly number[] };

/**
 * The best candidates of each project, best first: the same ids, scores and ties as `bestMatches`.
 *
 * Volunteers who cannot beat the last entry of a full list are skipped, which is exact: MaxScore, by the
 * number of skills (Turtle and Flood, Query evaluation: strategies and optimizations, 1995). A first pass
 * over all blocks offers those with many of the skills, so that the lists are good before a second pass
 * offers the rest. Survivors are scored again by the reference.
 *
 * @param lengths of the lists, project by project; at least 1.
 * @param skillCounts number of skills by volunteer id, where the blocks hold only some skills; null when they
 * hold all.
 * @throws RangeError for a project that requires more than 500 skills.
 */
export function matchProjects(
  blocks: readonly SkillBlock[],
  projects: readonly MatchProject[],
  lengths: readonly number[],
  skillCounts: ReadonlyMap<number, number> | null = null,
): IndexedMatch[][] {
  if (projects.some(({ requiredSkillIds }) => requiredSkillIds.length > MAX_REQUIRED_SKILLS))
    throw new RangeError(`a project requires more than ${MAX_REQUIRED_SKILLS} skills`);
  const searches = projects.map((project, index) =>
    openSearch(project, blocks.length, lengths[index] as number),
  );
  const scratch: Scratch = {
    counter: openBitCounter(BLOCK_WORDS),
    chosen: new Uint32Array(BLOCK_WORDS),
    seen: new Uint32Array(BLOCK_WORDS),
    bitmaps: [],
    wanted: new Int32Array(Math.max(0, ...blocks.map(({ skillIds }) => skillIds.length))),
  };
  // Block by block, so that each block passes through the processor cache once for all projects.
  for (const pass of [firstPass, secondPass])
    for (const [at, block] of blocks.entries())
      for (const search of searches) pass(search, block, at, scratch);
  const byNumber = new Map(blocks.map((block) => [block.number, block]));
  return searches.map((search) => scoreSurvivors(search, byNumber, skillCounts));
}

const openSearch = (project: MatchProject, blocks: number, keep: number): Search => ({
  project,
  required: project.requiredSkillIds.length,
  latitude: project.remote ? null : (project.location?.latitude ?? null),
  best: openBestList(keep),
  reached: new Uint16Array(blocks),
  firstLevel: 1,
});

/** Offers those nearby and those with many of the skills. */
function firstPass(search: Search, block: SkillBlock, at: number, scratch: Scratch): void {
  withCounts(search, block, at, scratch, (pass) => {
    if (at === 0) search.firstLevel = guessFirstLevel(search, pass.present, scratch);
    search.reached[at] = pass.present + 1;
    offerNear(search, pass, scratch);
    offerFar(search, pass, search.firstLevel, scratch);
  });
}

/** Offers those with fewer skills, where these can still be enough. */
function secondPass(search: Search, block: SkillBlock, at: number, scratch: Scratch): void {
  if (isExhausted(search, block, at)) return;
  withCounts(search, block, at, scratch, (pass) => offerFar(search, pass, 1, scratch));
}

/** Counts how many required skills each volunteer of the block has, and calls `work` with that. */
function withCounts(
  search: Search,
  block: SkillBlock,
  at: number,
  scratch: Scratch,
  work: (pass: Pass) => void,
): void {
  const { counter, wanted, bitmaps } = scratch;
  const positions = search.project.requiredSkillIds
    .map((id) => findSkill(block, id))
    .filter((position) => position >= 0);
  while (bitmaps.length < positions.length) bitmaps.push(new Uint32Array(BLOCK_WORDS));
  counter.count(positions.map((position, n) => bitmapOf(block, position, bitmaps[n] as Bits)));
  for (const position of positions) wanted[position] = -1;
  work({ block, at, present: positions.length, wanted });
  for (const position of positions) wanted[position] = 0;
}

/** Scores the entries of a list by the reference. */
function scoreSurvivors(
  { project, best }: Search,
  byNumber: ReadonlyMap<number, SkillBlock>,
  skillCounts: ReadonlyMap<number, number> | null,
): IndexedMatch[] {
  const positionsOf = new Map<SkillBlock, number[]>();
  return best.sorted().map((volunteerId) => {
    const block = byNumber.get(Math.floor(volunteerId / BLOCK_SIZE)) as SkillBlock;
    const local = volunteerId % BLOCK_SIZE;
    const positions = positionsOf.get(block) ?? project.requiredSkillIds.map((id) => findSkill(block, id));
    positionsOf.set(block, positions);
    const weights = weightsIn(block, positions, local);
    const skillCount = skillCounts?.get(volunteerId) ?? skillCountOf(block, local);
    const scored = scoreMatch(weights, skillCount, locationScoreIn(block, project, local));
    if (!scored) throw new Error(`Volunteer ${volunteerId} is on a list without a matching skill.`);
    return { volunteerId, weights, ...scored };
  });
}

/** Weights of the skills at the given positions for one volunteer; 0 for a missing one. */
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
